using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Models;
using RenderFarm.Cli.Output;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm models</c>: what can be rendered with, and whether a folder is a model.</summary>
internal static class ModelsCommand
{
    private static readonly Dictionary<string, string> Predictions = new(StringComparer.Ordinal) { ["epsilon"] = "epsilon", ["v"] = "v_prediction" };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("models", "List, check, add and share models")
        {
            List(terminal), Check(terminal), Add(terminal),
            PushModel.Create(terminal, Prediction(), Vae(), (path, prediction, vae, cancellationToken) => Read(path, prediction, terminal, cancellationToken, vae)),
        };
        command.Examples("renderfarm models list", "renderfarm models check ./sd-turbo-onnx", "renderfarm models add ./photos.safetensors", "renderfarm models push ./photos.safetensors");
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print each model as a line of JSON" };
        var command = new Command("list", "List the models of the farm") { json };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm models list");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            var models = await farm.Client.ModelsAsync(cancellationToken);
            if (line.GetValue(json))
            {
                models.ToList().ForEach(terminal.Json);
            }
            else
            {
                terminal.Table(
                    ["name", "family", "size", "weights", "workers", "store", "warm on", "problem"],
                    models.Select(model => new[]
                    {
                        model.Name, model.Family ?? "", model.Problem is null ? $"{model.DefaultWidth}x{model.DefaultHeight}" : "", Words.Bytes(model.Bytes),
                        string.Join(", ", model.Workers), model.IsInStore ? "yes" : "", string.Join(", ", model.WarmOn), model.Problem ?? "",
                    }),
                    "No worker has brought a model yet.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Check(Terminal terminal)
    {
        var path = new Argument<string>("model") { Description = "Folder with model_index.json, or a .safetensors checkpoint" };
        var (prediction, vae) = (Prediction(), Vae());
        var command = new Command("check", "Tell what a model is and can do, or everything that is wrong with it") { path, prediction, vae };
        command.Examples("renderfarm models check ./sd-turbo-onnx", "renderfarm models check ./photos.safetensors");
        command.SetAction((line, cancellationToken) =>
        {
            var model = Read(line.GetValue(path)!, line.GetValue(prediction), terminal, cancellationToken, line.GetValue(vae));
            if (model is not null)
            {
                terminal.Line($"{model.Name} can be used: {model.Family}, {model.DefaultWidth}x{model.DefaultHeight}, {Words.Bytes(model.WeightBytes)}, digest {model.Digest}");
                Tell(model, terminal);
            }

            return Task.FromResult(model is null ? ExitCodes.Failed : ExitCodes.Done);
        });
        return command;
    }

    private static Command Add(Terminal terminal)
    {
        var path = new Argument<string>("model") { Description = "An exported folder, which is copied, or a .safetensors checkpoint or a folder of diffusers, which stay where they are; its name becomes the model's" };
        var (prediction, vae) = (Prediction(), Vae());
        var command = new Command("add", "Add a model to the farm on this machine, which knows it after its next start") { path, prediction, vae };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm models add ./sd-turbo-onnx", "renderfarm models add ./photos.safetensors", "renderfarm models add ./photos.safetensors --prediction v", "renderfarm models add ./photos.safetensors --vae ./clear.safetensors");
        command.SetAction((line, cancellationToken) =>
        {
            if (Read(line.GetValue(path)!, line.GetValue(prediction), terminal, cancellationToken, line.GetValue(vae)) is not { } model)
            {
                return Task.FromResult(ExitCodes.Failed);
            }

            var target = Path.Combine(LocalModels.Prepare(options.DataFolder(line)), model.Name);
            if (new[] { target, target + ".safetensors" }.FirstOrDefault(Path.Exists) is { } there)
            {
                throw new UserError($"There is a model {model.Name} already, in {there}. Remove that first, or rename the one to add.");
            }

            if (model.IsCheckpoint)
            {
                terminal.Line($"{model.Name} is a checkpoint: {model.Family}, {model.DefaultWidth}x{model.DefaultHeight}, digest {model.Digest}");
                Tell(model, terminal);
            }

            Place(model, target, cancellationToken);

            terminal.Line($"{model.Name} is in {target}; a farm that runs now knows it after its next start.");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static Option<string?> Prediction()
    {
        var option = new Option<string?>("--prediction") { Description = "What a checkpoint predicts, where the file does not say it or says it wrong", HelpName = "epsilon|v" };
        option.AcceptOnlyFromAmong([.. Predictions.Keys]);
        return option;
    }

    private static Option<string?> Vae() => new("--vae") { Description = "A .safetensors file of the VAE that a checkpoint is to be used with instead of its own; it stays where it is", HelpName = "FILE" };

    private static void Tell(ModelFolder model, Terminal terminal)
    {
        foreach (var (fact, words) in ModelWords.Of(model))
        {
            terminal.Line($"  {fact,-10} {words}");
        }
    }

    private static void Place(ModelFolder model, string target, CancellationToken cancellationToken)
    {
        if (model.CheckpointFile is not null)
        {
            model.WriteLink(target);
        }
        else if (model.IsCheckpoint)
        {
            LocalModels.Link(model, target);
        }
        else
        {
            LocalModels.Copy(model.Path, target, cancellationToken);
        }
    }

    private static ModelFolder? Read(string path, string? prediction, Terminal terminal, CancellationToken cancellationToken, string? vae = null)
    {
        var isFile = File.Exists(path);
        if (!isFile && !Directory.Exists(path))
        {
            throw new UserError($"There is no folder or checkpoint {Path.GetFullPath(path)}.");
        }

        if (prediction is not null && !isFile)
        {
            throw new UserError("--prediction is for checkpoints; a folder says what it predicts in scheduler/scheduler_config.json.");
        }

        if (vae is not null && !isFile)
        {
            throw new UserError("--vae is for checkpoints; a folder has its VAE in it.");
        }

        if (vae is not null && !File.Exists(vae))
        {
            throw new UserError($"There is no VAE {Path.GetFullPath(vae)}.");
        }

        var inspection = isFile
            ? ModelFolder.InspectCheckpoint(path, new CheckpointChoices { Prediction = prediction is null ? null : Predictions[prediction], Vae = vae }, cancellationToken)
            : ModelFolder.Inspect(path, verifyDigest: true, cancellationToken);
        foreach (var problem in inspection.Problems)
        {
            terminal.Complain($"{problem}");
        }

        return inspection.Model;
    }
}
