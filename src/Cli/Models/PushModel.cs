using System.CommandLine;
using RenderFarm.Cli.Output;
using RenderFarm.Diffusion.Models;
using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.Cli.Models;

/// <summary><c>renderfarm models push</c>: puts a model where all workers of a farm can fetch it.</summary>
internal static class PushModel
{
    /// <param name="terminal">Where to write.</param>
    /// <param name="prediction">Says what a checkpoint predicts.</param>
    /// <param name="vae">Names another VAE for a checkpoint.</param>
    /// <param name="read">Reads a model and complains of what is wrong with it; the answer is null then.</param>
    public static Command Create(Terminal terminal, Option<string?> prediction, Option<string?> vae, Func<string, string?, string?, CancellationToken, ModelFolder?> read)
    {
        var source = new Argument<string>("model") { Description = "An exported folder, a .safetensors checkpoint or a folder of diffusers, or the name of a model that was added to the farm on this machine" };
        var name = new Option<string?>("--name") { Description = "Name that jobs ask for it by, where that is not the folder's or the file's", HelpName = "NAME" };
        var again = new Option<bool>("--again") { Description = "Store its files also where the store has them, for when a worker says that one of them is spoiled" };
        var command = new Command("push", "Put a model into the farm's store, from where workers with a Worker:ModelCache fetch it when a job asks for it") { source, name, prediction, vae, again };
        var choice = StoreChoice.AddTo(command);
        command.Examples("renderfarm models push ./photos.safetensors", "renderfarm models push ./photos.safetensors --vae ./clear.safetensors", "renderfarm models push sd-turbo-onnx --name sd-turbo");
        command.SetAction(async (line, cancellationToken) =>
        {
            var path = PathOf(line.GetValue(source)!, choice.DataFolderOf(line));
            if (!Path.Exists(line.GetValue(source)!) && Directory.Exists(path) && (line.GetValue(vae) ?? line.GetValue(prediction)) is not null)
            {
                throw new UserError($"--vae and --prediction are for files; {line.GetValue(source)} is pushed as it was added.");
            }

            // Reading may take minutes: a store that cannot be reached is told before.
            var store = choice.Open(line);
            using var held = store as IDisposable;
            await store.CheckAsync(cancellationToken);
            if (read(path, line.GetValue(prediction), line.GetValue(vae), cancellationToken) is not { } model)
            {
                return ExitCodes.Failed;
            }

            var files = ModelFiles.Of(model, cancellationToken);
            var manifest = ManifestOf(model, NameOf(model, line.GetValue(name)), files);
            var stored = await StoreAsync(manifest, files, line.GetValue(again), new StoredModels(store), terminal, cancellationToken);
            var news = stored.Count == 0 ? "all of it was there already" : $"{Words.Bytes(stored.Sum(file => file.Bytes))} of {Words.Bytes(manifest.Bytes)} had to be stored";
            terminal.Line($"{manifest.Name} is in the store: {manifest.Family}, {manifest.DefaultWidth}x{manifest.DefaultHeight}, digest {manifest.Digest}; {news}.");
            terminal.Note("Workers with a Worker:ModelCache offer it within a minute, as does 'renderfarm up' on this store.");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>A file or folder, or what a name stands for in the data folder.</summary>
    private static string PathOf(string source, string dataFolder)
    {
        var added = Path.Combine(LocalModels.FolderOf(dataFolder), source);
        return File.Exists(source) || Directory.Exists(source) ? source
            : Directory.Exists(added) ? added
            : File.Exists(added + ".safetensors") ? added + ".safetensors"
            : throw new UserError($"There is no model {source}: no file or folder {Path.GetFullPath(source)}, and none of that name was added ({added}).");
    }

    private static string NameOf(ModelFolder model, string? asked)
    {
        var name = asked ?? model.Name;
        return StoredModels.IsName(name)
            ? name
            : throw new UserError($"A model in the store has a name of letters, digits, '-', '_' and '.', not starting with '.'; '{name}' is none. Choose one with --name.");
    }

    private static ModelManifest ManifestOf(ModelFolder model, string name, IReadOnlyList<ModelFile> files)
    {
        var manifest = new ModelManifest
        {
            Name = name,
            Digest = model.Digest,
            Family = model.Family,
            DefaultWidth = model.DefaultWidth,
            DefaultHeight = model.DefaultHeight,
            SizeMultiple = model.SizeMultiple,
            WeightBytes = model.WeightBytes,
            Prediction = ModelFiles.PredictionOf(model),
            Files = [.. files.Select(file => new StoredFile(file.Path, file.Sha256, file.Bytes))],
        };
        if (ModelFiles.Digest(manifest.Hashes(), manifest.Prediction) is var digest && digest != model.Digest)
        {
            throw new UserError($"The files of {model.Path} have the digest {digest}, the model has {model.Digest}: they changed while they were read. Push the model again.");
        }

        try
        {
            return ModelManifest.Read(manifest.Write());
        }
        catch (ModelManifestException fault)
        {
            throw new UserError($"{model.Path} cannot be stored as it is: {fault.Message}", fault);
        }
    }

    private static async Task<IReadOnlyList<StoredFile>> StoreAsync(
        ModelManifest manifest, IReadOnlyList<ModelFile> files, bool again, StoredModels store, Terminal terminal, CancellationToken cancellationToken)
    {
        var sources = files.ToDictionary(file => file.Path, file => file.Source, StringComparer.Ordinal);
        try
        {
            return await store.PushAsync(manifest, again, file => Open(sources[file.Path]), file => terminal.Note($"Storing {file.Path}, {Words.Bytes(file.Bytes)}"), cancellationToken);
        }
        catch (ModelFileChangedException fault)
        {
            throw new UserError($"{sources[fault.File.Path]} is not what it was when it was hashed, and was not stored. Push the model again; if that stays, remove it and add it again first.", fault);
        }
    }

    private static FileStream Open(string source) => new(source, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
}
