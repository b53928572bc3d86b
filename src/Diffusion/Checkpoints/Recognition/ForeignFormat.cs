namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>Files of weights in other formats than .safetensors, told by how they begin or what they are called.</summary>
internal static class ForeignFormat
{
    public const string PickleReason = "Pickle files are programs: reading one runs whatever its author put in.";

    private static readonly string[] PickleEndings = [".ckpt", ".pt", ".pth", ".bin", ".pkl"];

    /// <summary>Why the file is not read and what to do; null where nothing speaks against it.</summary>
    public static (string Problem, string Fix)? Of(string file)
    {
        Span<byte> beginning = stackalloc byte[4];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        beginning = beginning[..stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false)];
        if (beginning.SequenceEqual("GGUF"u8))
        {
            return ("It is a GGUF file.", "Take the .safetensors file of the same model.");
        }

        // A ZIP archive, or a pickle of protocol 2 or later; .safetensors files begin with a length of which the lower bytes may be anything, but a brace follows.
        var isZip = beginning.SequenceEqual("PK\x3\x4"u8);
        var isPickle = beginning is [0x80, >= 2 and <= 5, ..] && !IsSafetensors(stream);
        return isZip || isPickle || PickleEndings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)
            ? ($"It is a pickle file (.ckpt, .pt, .bin). {PickleReason}",
               "Take the .safetensors file of the same model; most are published as both. Else convert it where nothing can be lost, with torch.load(file, weights_only=True) and safetensors.torch.save_file.")
            : null;
    }

    private static bool IsSafetensors(FileStream stream)
    {
        stream.Position = sizeof(ulong);
        return stream.ReadByte() == '{';
    }
}
