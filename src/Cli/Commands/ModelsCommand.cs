using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Models;
using RenderFarm.Cli.Output;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm models</c>: what can be rendered with, and whether a folder is a model.</summary>
internal static class ModelsCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("models", "List, check and add models") { List(terminal), Check(terminal), Add(terminal) };
        command.Examples("renderfarm models list", "renderfarm models check ./sd-turbo-onnx", "renderfarm models add ./sd-turbo-onnx");
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
                    ["name", "family", "size", "weights", "workers", "warm on", "problem"],
                    models.Select(model => new[]
                    {
                        model.Name, model.Family ?? "", model.Problem is null ? $"{model.DefaultWidth}x{model.DefaultHeight}" : "", Words.Bytes(model.Bytes),
                        string.Join(", ", model.Workers), string.Join(", ", model.WarmOn), model.Problem ?? "",
                    }),
                    "No worker has brought a model yet.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Check(Terminal terminal)
    {
        var folder = new Argument<string>("dir") { Description = "Folder with model_index.json" };
        var command = new Command("check", "Tell what a model folder is and can do, or everything that is wrong with it") { folder };
        command.Examples("renderfarm models check ./sd-turbo-onnx");
        command.SetAction((line, cancellationToken) =>
        {
            var model = Read(line.GetValue(folder)!, terminal, cancellationToken);
            if (model is not null)
            {
                terminal.Line($"{model.Name} can be used: {model.Family}, {model.DefaultWidth}x{model.DefaultHeight}, {Words.Bytes(model.WeightBytes)}, digest {model.Digest}");
                foreach (var (fact, words) in ModelWords.Of(model))
                {
                    terminal.Line($"  {fact,-10} {words}");
                }
            }

            return Task.FromResult(model is null ? ExitCodes.Failed : ExitCodes.Done);
        });
        return command;
    }

    private static Command Add(Terminal terminal)
    {
        var folder = new Argument<string>("dir") { Description = "Folder with model_index.json; its name becomes the model's" };
        var command = new Command("add", "Copy a model to the farm on this machine, which knows it after its next start") { folder };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm models add ./sd-turbo-onnx");
        command.SetAction((line, cancellationToken) =>
        {
            if (Read(line.GetValue(folder)!, terminal, cancellationToken) is not { } model)
            {
                return Task.FromResult(ExitCodes.Failed);
            }

            var target = Path.Combine(LocalModels.Prepare(options.DataFolder(line)), model.Name);
            if (Directory.Exists(target))
            {
                throw new UserError($"There is a model {model.Name} already, in {target}. Remove that folder first, or rename the one to add.");
            }

            LocalModels.Copy(model.Path, target);
            terminal.Line($"{model.Name} is in {target}; a farm that runs now knows it after its next start.");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static ModelFolder? Read(string folder, Terminal terminal, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserError($"There is no folder {Path.GetFullPath(folder)}.");
        }

        var inspection = ModelFolder.Inspect(folder, verifyDigest: true, cancellationToken);
        foreach (var problem in inspection.Problems)
        {
            terminal.Complain($"{problem}");
        }

        return inspection.Model;
    }
}
