using System.Diagnostics;
using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Lora;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>What it costs to go on with another LoRA, against loading the model.</summary>
internal static class LoraSwitch
{
    private const int Rank = 16;
    private const double Mebi = 1 << 20;

    public static Figures Run(int loras, int side, int steps, CancellationToken cancellationToken)
    {
        // 1. A checkpoint and LoRAs of its attention layers. All weights are holes.
        using var folder = new TemporaryFolder();
        var subject = CheckpointSubject.Named("sd1");
        var (file, link, cache, styles) = (folder.File("model.safetensors"), folder.File("added"), folder.File("cache"), folder.File("loras"));
        subject.Write(file);
        subject.Read(file, cancellationToken).WriteLink(link);
        Directory.CreateDirectory(styles);
        for (var i = 0; i < loras; i++)
        {
            // Each has another size, and so another hash.
            SparseCheckpoint.Write(Path.Combine(styles, $"{i}.safetensors"), TensorsOf(Rank + i));
        }

        // 2. The model's first pictures, and then those with each LoRA, all of them twice.
        var fresh = 4 * new FileInfo(file).Length;
        FreshMemory.Touch(fresh);
        var options = new PipelineOptions { VerifyDigest = false, CacheFolder = cache, LoraFolder = styles, LoraSets = 1 };
        var start = Stopwatch.GetTimestamp();
        using var pipeline = DiffusionPipeline.Load(subject.ReadLinked(link), options, cancellationToken);
        var loaded = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Picture(null);
        var plain = Picture(null);
        var added = Enumerable.Range(0, loras).Select(i => Switch($"{i}")).ToList();
        var merged = Directory.EnumerateFiles(cache, "*", SearchOption.AllDirectories).Sum(one => new FileInfo(one).Length);
        var again = Enumerable.Range(0, loras).Select(i => Switch($"{i}")).ToList();

        return new Figures(
            "Another LoRA",
            "A pipeline of Stable Diffusion 1 renders with one LoRA after the other, of which one set stays loaded: the time of the first picture beyond that of the second, against the time to load the model, in one process with a warm page cache. Before each, four times the file's size of memory is touched and freed, for a virtual machine may have to ask its host for every page that was not used lately. Medians.",
            [
                ("Model", $"sd1 in float16, file of {new FileInfo(file).Length / Mebi:N0} MiB, zeros"),
                ("LoRAs", $"{loras}, of rank {Rank} and more on all attention layers of the UNet and the text encoder, {new FileInfo(Path.Combine(styles, "0.safetensors")).Length / Mebi:N0} MiB in float16"),
                ("Picture", $"{side}x{side}, {steps} steps of Euler"),
            ],
            ["Load of the model"],
            [
                Of("Switch to a LoRA that is new, s", added.Select(one => one.Switch), loaded),
                Of("Switch to a LoRA that was merged before, s", again.Select(one => one.Switch), loaded),
                Of("Picture with a LoRA, s: against one without", again.Select(one => one.Picture), plain),
                new Figure("Added disk for a LoRA, MiB: against the model's file", merged / Mebi / loras, null, new FileInfo(file).Length / Mebi),
            ]);

        (double Switch, double Picture) Switch(string name)
        {
            FreshMemory.Touch(fresh);
            var (first, second) = (Picture(name), Picture(name));
            Console.WriteLine($"LoRA {name}: {first:F2} s, then {second:F2} s");
            return (first - second, second);
        }

        double Picture(string? lora)
        {
            var begin = Stopwatch.GetTimestamp();
            var request = new ImageRequest { Prompt = "a dog", Steps = steps, Sampler = SamplerNames.Euler, Seed = 1, Width = side, Height = side };
            pipeline.Render([lora is null ? request : request with { Loras = [new LoraUse { Name = lora }] }], ct: cancellationToken);
            return Stopwatch.GetElapsedTime(begin).TotalSeconds;
        }

        static Figure Of(string name, IEnumerable<double> seconds, double peer) => new(name, Report.Median(seconds), null, peer);
    }

    private static Dictionary<string, long[]> TensorsOf(int rank)
    {
        var tensors = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var (prefix, network) in new[] { ("lora_unet_", "sd1-unet"), ("lora_te_", "sd1-text") })
        {
            foreach (var key in CheckpointKeys.Of(network).Where(key => key.Shape.Count == 2 && key.Diffusers.Contains("attn", StringComparison.Ordinal)))
            {
                var module = prefix + key.Diffusers[..^".weight".Length].Replace('.', '_');
                tensors[$"{module}.lora_down.weight"] = [rank, key.Shape[1]];
                tensors[$"{module}.lora_up.weight"] = [key.Shape[0], rank];
            }
        }

        return tensors;
    }
}
