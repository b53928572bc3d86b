using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Models;

/// <summary>A text-to-image model on disk, read and checked but not loaded: a folder in the layout that Optimum exports or diffusers keeps, or a checkpoint.</summary>
public sealed class ModelFolder
{
    internal ModelFolder(string path, string digest, long weightBytes, ModelParts parts, INetworks networks)
    {
        Networks = networks;
        Path = path;
        Digest = digest;
        WeightBytes = weightBytes;
        Parts = parts;
    }

    /// <summary>The folder, or the checkpoint's file.</summary>
    public string Path { get; }

    /// <summary>The model's name: the folder's or the file's own.</summary>
    public string Name => File.Exists(Path)
        ? System.IO.Path.GetFileNameWithoutExtension(Path)
        : System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <summary>SHA-256 over the sorted lines of SHA256SUMS, or of what a checkpoint holds; equal for equal files, wherever they lie.</summary>
    public string Digest { get; }

    /// <summary>The kind of model: sd1, sd2 or sdxl, with -lcm or -inpainting behind it where it is of that kind.</summary>
    public string Family => Parts.Family.Name;

    /// <summary>The number format of the UNet's weights, such as float32 or float16. Latents are always float32.</summary>
    public string Precision => Parts.UnetNetwork.Weights.ToString().ToLowerInvariant();

    /// <summary>What the UNet was trained to predict: epsilon or v_prediction.</summary>
    public string PredictionType => Parts.Scheduler.PredictionType;

    /// <summary>What says what the UNet predicts, where the model is a checkpoint.</summary>
    public string? PredictionSource { get; internal init; }

    /// <summary>The file that the networks' weights lie in, where the model is a checkpoint.</summary>
    public string? CheckpointFile => Checkpoint?.File;

    /// <summary>The file that the autoencoder's weights lie in, where it is not the checkpoint's own.</summary>
    public string? VaeFile => Checkpoint?.Vae?.File;

    /// <summary>Whether the networks are weights without graphs, which stay where they are when the model is added to a farm.</summary>
    public bool IsCheckpoint => Networks is CheckpointNetworks;

    /// <summary>Whether a picture may start from another one, which takes the autoencoder's first half.</summary>
    public bool CanStartFromImage => Parts.EncoderNetwork is not null;

    /// <summary>Whether the UNet sees the mask and the masked picture itself.</summary>
    public bool IsInpainting => Parts.Family.IsInpainting;

    /// <summary>Whether a network looks for pictures that are unfit to be shown.</summary>
    public bool HasSafetyChecker => Parts.SafetyChecker is not null;

    /// <summary>Whether a picture may be guided by another one.</summary>
    public bool HasControlNet => Parts.ControlNetwork is not null;

    /// <summary>Whether a small decoder makes the previews.</summary>
    public bool HasPreviewDecoder => Parts.PreviewDecoder is not null;

    /// <summary>Whether a CLIP lies beside the networks, which chooses the best of several pictures.</summary>
    public bool HasClip => Directory.Exists(ClipFolder);

    /// <summary>How many pixels one latent value covers along each side.</summary>
    public int LatentFactor => Parts.Vae.Factor;

    /// <summary>Width and height must be multiples of this, so that every level of the UNet halves evenly.</summary>
    public int SizeMultiple => LatentFactor << (Parts.Unet.Levels - 1);

    /// <summary>The width the model was trained for.</summary>
    public int DefaultWidth => Parts.Unet.SampleSize * LatentFactor;

    /// <summary>The height the model was trained for.</summary>
    public int DefaultHeight => DefaultWidth;

    /// <summary>Whether the UNet takes one timestep per row, so that rows of a batch may differ in sampler and steps.</summary>
    public bool SupportsRowTimesteps => Parts.Timestep is { Shape: [< 0] };

    /// <summary>The deepest clip skip that the text encoder's outputs allow; 0 where it has only its last layer.</summary>
    public int MaxClipSkip => Parts.MaxClipSkip;

    /// <summary>The most steps that the training noise allows.</summary>
    public int MaxSteps => Parts.Scheduler.MaxSteps;

    /// <summary>The bytes of the networks' files, an estimate of what they take on the device.</summary>
    public long WeightBytes { get; }

    internal ModelParts Parts { get; }

    internal CheckpointLink? Checkpoint { get; init; }

    /// <summary>Where the networks come from.</summary>
    internal INetworks Networks { get; }

    /// <summary>Where the CLIP lies that scores pictures, if there is one.</summary>
    internal string ClipFolder => System.IO.Path.Combine(Path, NetworkFiles.Clip);

    /// <summary>Reads and checks a folder or a checkpoint, or throws <see cref="ModelFolderException"/> with everything that is wrong with it.</summary>
    public static ModelFolder Open(string path, bool verifyDigest = true, CancellationToken ct = default) => Open(path, verifyDigest, cacheFolder: null, ct);

    /// <summary>The same, with the hashes of its files remembered in a folder.</summary>
    public static ModelFolder Open(string path, bool verifyDigest, string? cacheFolder, CancellationToken ct)
    {
        var inspection = Inspect(path, verifyDigest, cacheFolder, ct);
        return inspection.Model ?? throw new ModelFolderException(path, inspection.Problems);
    }

    /// <summary>Reads a folder or a checkpoint and reports every problem at once, without loading weights.</summary>
    public static ModelInspection Inspect(string path, bool verifyDigest = true, CancellationToken ct = default) => Inspect(path, verifyDigest, cacheFolder: null, ct);

    /// <summary>The same, with the hashes of files without stated ones remembered in a folder, which costs a large file's reading once.</summary>
    public static ModelInspection Inspect(string path, bool verifyDigest, string? cacheFolder, CancellationToken ct)
    {
        var full = System.IO.Path.GetFullPath(path);
        var hashes = new FileHashes(cacheFolder);
        return File.Exists(full)
            ? CheckpointReader.Read(full, SharedParts.Shipped, hashes, CheckpointChoices.None, ct)
            : CheckpointReader.ReadLinked(full, SharedParts.Shipped, hashes, ct)
                ?? (DiffusersReader.IsFolder(full) ? DiffusersReader.Read(full, SharedParts.Shipped, verifyDigest, hashes, ct) : ModelReader.Read(full, verifyDigest, hashes, ct));
    }

    /// <summary>Reads a checkpoint with what the caller says of it, whatever the file says.</summary>
    public static ModelInspection InspectCheckpoint(string file, CheckpointChoices choices, CancellationToken ct = default) =>
        CheckpointReader.Read(System.IO.Path.GetFullPath(file), SharedParts.Shipped, FileHashes.Unremembered, choices, ct);

    /// <summary>Makes a folder that stands for this checkpoint. Nothing of it is copied.</summary>
    /// <exception cref="InvalidOperationException">The model is no checkpoint.</exception>
    public void WriteLink(string folder) =>
        (Checkpoint ?? throw new InvalidOperationException($"{Path} is no checkpoint.")).Write(folder);
}
