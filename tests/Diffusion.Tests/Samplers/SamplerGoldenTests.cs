using System.Numerics.Tensors;
using System.Text.Json;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Tests.Samplers;

public sealed class SamplerGoldenTests
{
    private const string File = "samplers.json";

    // The reference keeps the others at x itself; these at unit variance, x / sqrt(1 + sigma^2).
    private static readonly string[] KeepsX =
    [
        SamplerNames.Lms, SamplerNames.Euler, SamplerNames.EulerAncestral, SamplerNames.Heun, SamplerNames.Dpm2, SamplerNames.Dpm2Ancestral,
    ];

    public static IEnumerable<TheoryDataRow<int, string>> Goldens() => GoldenRows.Of(
        File,
        GoldenNames.IsSupported,
        golden => $"{golden.GetProperty("sampler")} {golden.GetProperty("steps")} {golden.GetProperty("options")}");

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Schedules_and_traces_equal_the_reference(int index, string name)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        var samplerName = GoldenNames.Sampler(golden);
        var isUnit = !KeepsX.Contains(samplerName);
        var problems = new ProblemList(name);
        var config = SchedulerConfig.Read(ModelJson.Parse(golden.GetProperty("config").GetRawText(), File, problems)!);
        Assert.Empty(problems.Problems);
        var sampler = SamplerTable.Named(samplerName);
        var trained = new TrainedNoise(config);
        var schedule = sampler.Plan(new ScheduleRequest(trained, config, ScheduleNames.Model, golden.GetProperty("steps").GetInt32()));

        if (golden.GetProperty("sigmas") is { ValueKind: JsonValueKind.Array } sigmas)
        {
            AssertEach(1e-5, Floats(sigmas), Listed(samplerName, schedule.Sigmas));
        }

        AssertEach(1e-5, [golden.GetProperty("init_noise_sigma").GetSingle()], [AsReference(schedule.Sigmas[0], [schedule.InitialScale])[0]]);

        var final = Floats(golden.GetProperty("final"));
        var x = new float[final.Length];
        var random = new TorchRandom(golden.GetProperty("seed").GetInt64());
        random.FillNormal(x);
        TensorPrimitives.Multiply(x, schedule.InitialScale, x);
        var run = new SamplerRun(trained, schedule, x, random, new SamplerOptions { Eta = (float)sampler.DefaultEta });
        var trace = golden.GetProperty("trace").EnumerateArray().ToDictionary(entry => entry.GetProperty("i").GetInt32(), entry => Floats(entry.GetProperty("x")));
        var allowed = 1e-4 * trace.Values.Append(final).Max(values => Differences.LargestOf(values));
        List<float> timesteps = [];
        foreach (var asked in sampler.Sample(run))
        {
            // What is asked next is what the last answer led to.
            if (trace.TryGetValue(timesteps.Count - 1, out var expected))
            {
                Assert.True(Differences.Largest(expected, AsReference(asked.Sigma, asked.X).AsSpan(0, expected.Length)) <= allowed, $"{name} after evaluation {timesteps.Count - 1}");
            }

            timesteps.Add(asked.Timestep);
            Formula(asked, run.Denoised);
            Prediction.Of(config).ToDenoised(asked.X, asked.Sigma, run.Denoised);
        }

        AssertEach(1e-5, Floats(golden.GetProperty("timesteps")), [.. timesteps], least: 1);
        Assert.True(Differences.Largest(final, AsReference(schedule.Sigmas[^1], x)) <= allowed, name);

        float[] AsReference(float sigma, float[] values)
        {
            var scaled = values.ToArray();
            TensorPrimitives.Divide(scaled, isUnit ? NoiseSchedule.Deviation(sigma) : 1, scaled);
            return scaled;
        }
    }

    /// <summary>The levels as the reference lists them where a step takes two evaluations: once for each, and the end of DPM2 three times.</summary>
    private static float[] Listed(string sampler, float[] sigmas) => sampler switch
    {
        SamplerNames.Heun => [sigmas[0], .. sigmas[1..^1].SelectMany(sigma => new[] { sigma, sigma }), sigmas[^1]],
        SamplerNames.Dpm2 or SamplerNames.Dpm2Ancestral => [sigmas[0], .. sigmas[1..].SelectMany(sigma => new[] { sigma, sigma }), sigmas[^1]],
        _ => sigmas,
    };

    // The golden file's model: 0.35 * input + 0.1 * cos(t / 100).
    private static void Formula(Evaluation asked, Span<float> output)
    {
        TensorPrimitives.Multiply(asked.X, 0.35f / NoiseSchedule.Deviation(asked.Sigma), output);
        TensorPrimitives.Add(output, 0.1f * MathF.Cos(asked.Timestep / 100), output);
    }

    /// <summary>Each value within a share of itself, or of the least that counts: a timestep below 1 is the rounding of a level's logarithm.</summary>
    private static void AssertEach(double share, float[] expected, float[] actual, double least = 0)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= share * Math.Max(Math.Abs(expected[i]), least), $"value {i} is {actual[i]}, expected is {expected[i]}");
        }
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetSingle())];
}
