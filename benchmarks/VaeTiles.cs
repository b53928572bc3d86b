using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Benchmarks;

/// <summary>How much memory decoding a picture takes in tiles of a quarter of its area against decoding it whole.</summary>
internal static class VaeTiles
{
    private const int Side = 1024;
    private const int TileSide = Side / 2;
    private const double Goal = 0.5;

    public static async Task<Report> RunAsync(int pairs, CancellationToken cancellationToken) => new(
        "Decoding in tiles",
        "How far the resident memory of a process rises while one latent is decoded, in tiles and whole, each in a process of its own.",
        [("Picture", $"{Side}x{Side} by the model emoji, tiles of {TileSide}x{TileSide}"), ("ONNX Runtime", OrtEnv.Instance().GetVersionString())],
        "Tiles, MiB",
        "Whole, MiB",
        await Report.ByTurnsAsync(pairs, () => MeasureAsync(TileSide, cancellationToken), () => MeasureAsync(0, cancellationToken)),
        new Goal(IsAtLeast: false, Goal));

    /// <summary>Decodes one latent in this process and prints by how many MiB its peak lies above what it held before.</summary>
    public static void Decode(int tileSide)
    {
        var model = ModelFolder.Open(GoldenFolder.EmojiModel, verifyDigest: false);
        var loader = new NetworkLoader(model, InferenceDevice.Parse("cpu"), new DeviceSettings(0));
        using var decoder = new LatentDecoder(model, loader.Load(NetworkFiles.VaeDecoder, CancellationToken.None), tileSide);
        var latent = new float[model.Parts.Vae.LatentChannels * (Side / model.LatentFactor) * (Side / model.LatentFactor)];
        new TorchRandom(1).FillNormal(latent);
        using var options = new RunOptions();
        var before = Kilobytes("VmRSS:");
        decoder.Decode(latent, Side, Side, options, CancellationToken.None);
        Console.WriteLine(((Kilobytes("VmHWM:") - before) / 1024).ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<double> MeasureAsync(int tileSide, CancellationToken cancellationToken)
    {
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["vae-decode", "--tile", tileSide.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true })!;
        var said = await child.StandardOutput.ReadToEndAsync(cancellationToken);
        await child.WaitForExitAsync(cancellationToken);
        return double.Parse(said, CultureInfo.InvariantCulture);
    }

    private static double Kilobytes(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return double.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
