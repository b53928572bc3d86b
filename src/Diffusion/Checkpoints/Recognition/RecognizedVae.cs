using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>A file with an autoencoder alone, to be used instead of a checkpoint's own; known by its header.</summary>
/// <param name="File">The file itself, not a link to it.</param>
/// <param name="Header">What it holds.</param>
/// <param name="Rules">What its weights are called there.</param>
internal sealed record RecognizedVae(string File, SafetensorsHeader Header, Func<IEnumerable<string>, IKeyRules> Rules)
{
    private const int LatentChannels = 4;
    private const int QuantizedChannels = 3;
    private const int LaterChannels = 16;
    private const int PictureAxes = 4;

    // A name that an autoencoder of each form has, and what stands before it.
    private const string FirstConvolution = "decoder.conv_in.weight";
    private const string SingleFileName = "decoder.mid.block_1.conv1.weight";
    private const string DiffusersName = "decoder.mid_block.resnets.0.conv1.weight";

    // Diffusers names all its VAEs alike and puts their config beside them.
    private const string DiffusersFile = "diffusion_pytorch_model";
    private const string DiffusersConfig = "config.json";

    /// <summary>Reads the header alone. Throws <see cref="ModelFolderException"/> with what the file is instead, where it is no autoencoder of this family.</summary>
    public static RecognizedVae Read(string path, ModelFamily family)
    {
        var file = System.IO.File.Exists(path) ? System.IO.File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path) : path;
        var header = RecognizedCheckpoint.ReadHeader(file);
        var kind = FileKinds.Of(header);
        if (kind != FileKind.Vae)
        {
            throw Refused($"It is {FileKinds.Words(kind)}; a VAE is needed.", "Name a file that holds a VAE alone.");
        }

        var prefix = header.Tensors.ContainsKey(VaeKeys.InCheckpoint + FirstConvolution) ? VaeKeys.InCheckpoint : "";
        if (KindOf(header, prefix) is { } other)
        {
            throw Refused($"It is {other}; {family.Name} needs one of {LatentChannels} latent channels.", "Take a VAE that was made for the checkpoint's family.");
        }

        if (IsXl(path, file, header) is { } told && told.IsXl != family.IsXl)
        {
            throw Refused($"It is a VAE of {(told.IsXl ? "SDXL" : "Stable Diffusion 1 and 2")}, as {told.Source} says; the checkpoint is {family.Name}.", "Take a VAE that was made for the checkpoint's family.");
        }

        return header.Tensors.ContainsKey(prefix + SingleFileName) ? new RecognizedVae(file, header, keys => new VaeKeys(keys, prefix))
            : header.Tensors.ContainsKey(DiffusersName) ? new RecognizedVae(file, header, _ => new DiffusersKeys())
            : throw Refused("It is a VAE with layers of names that are not known here.", "Take it as the makers of Stable Diffusion or as diffusers name its weights.");

        ModelFolderException Refused(string problem, string fix) => RecognizedCheckpoint.Refused(file, problem, fix);
    }

    /// <summary>What kind of autoencoder it is, for a reader, where it is none of four latent channels for pictures.</summary>
    private static string? KindOf(SafetensorsHeader header, string prefix)
    {
        if (header.Tensors.Keys.Any(name => name.StartsWith(prefix + "quantize.", StringComparison.Ordinal)))
        {
            return "a VQ autoencoder";
        }

        return header.Tensors.GetValueOrDefault(prefix + FirstConvolution)?.Shape switch
        {
            null => "a small autoencoder for previews, or one of another kind",
            { Count: not PictureAxes } => "a VAE for videos",
            [_, LatentChannels, ..] => null,
            [_, LaterChannels, ..] => $"a VAE of {LaterChannels} latent channels, as Stable Diffusion 3 and Flux have",
            [_, QuantizedChannels, ..] => $"a VAE of {QuantizedChannels} latent channels, as upscalers have",
            var shape => $"a VAE of {shape[1]} latent channels",
        };
    }

    /// <summary>The families' autoencoders have the same layers: their notes alone tell them apart, and most files have none.</summary>
    private static (bool IsXl, string Source)? IsXl(string path, string file, SafetensorsHeader header)
    {
        if (header.Texts.GetValueOrDefault("modelspec.architecture") is { } architecture && architecture.StartsWith("stable-diffusion-", StringComparison.OrdinalIgnoreCase))
        {
            return (architecture.StartsWith("stable-diffusion-xl", StringComparison.OrdinalIgnoreCase), "modelspec.architecture");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Path.GetFileName(path).StartsWith(DiffusersFile, StringComparison.Ordinal) || !System.IO.File.Exists(Path.Combine(folder, DiffusersConfig)))
        {
            return null;
        }

        var problems = new ProblemList(folder);
        var config = VaeConfig.Read(problems, DiffusersConfig);
        return problems.Count > 0
            ? throw new ModelFolderException(Path.GetDirectoryName(file)!, problems.Problems)
            : (config!.ScalingFactor == FamilyDefaults.XlScale, DiffusersConfig);
    }
}
