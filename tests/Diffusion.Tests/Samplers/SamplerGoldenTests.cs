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

    // The reference keeps these at unit variance, x / sqrt(1 + sigma^2), where the farm's samplers all keep x itself.
    private static readonly string[] UnitVariance = [SamplerNames.Ddim, SamplerNames.DpmPlusPlus2M];

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
        var isUnit = UnitVariance.Contains(samplerName);
        var problems = new ProblemList(name);
        var config = SchedulerConfig.Read(ModelJson.Parse(golden.GetProperty("config").GetRawText(), File, problems)!);
        Assert.Empty(problems.Problems);
        var sampler = SamplerTable.Named(samplerName);
        var trained = new TrainedNoise(config);
        var schedule = sampler.Plan(new ScheduleRequest(trained, config, ScheduleNames.Model, golden.GetProperty("steps").GetInt32()));

        AssertEach(1e-5, Floats(golden.GetProperty("timesteps")), schedule.Timesteps);
        if (golden.GetProperty("sigmas") is { ValueKind: JsonValueKind.Array } sigmas)
        {
            AssertEach(1e-5, Floats(sigmas), schedule.Sigmas);
        }

        AssertEach(1e-5, [golden.GetProperty("init_noise_sigma").GetSingle()], [AsReference(0, [schedule.InitialScale])[0]]);

        var final = Floats(golden.GetProperty("final"));
        var x = new float[final.Length];
        var random = new TorchRandom(golden.GetProperty("seed").GetInt64());
        random.FillNormal(x);
        TensorPrimitives.Multiply(x, schedule.InitialScale, x);
        var run = new SamplerRun(trained, schedule, x, random, new SamplerOptions());
        var trace = golden.GetProperty("trace").EnumerateArray().ToDictionary(entry => entry.GetProperty("i").GetInt32(), entry => Floats(entry.GetProperty("x")));
        var allowed = 1e-4 * trace.Values.Append(final).Max(values => Differences.LargestOf(values));
        foreach (var asked in sampler.Sample(run))
        {
            if (trace.TryGetValue(asked.Step - 1, out var expected))
            {
                Assert.True(Differences.Largest(expected, AsReference(asked.Step, x).AsSpan(0, expected.Length)) <= allowed, $"{name} step {asked.Step - 1}");
            }

            Formula(asked, run.Denoised);
            Prediction.Of(config).ToDenoised(asked.X, asked.Sigma, run.Denoised);
        }

        Assert.True(Differences.Largest(final, AsReference(schedule.Steps, x)) <= allowed, name);

        float[] AsReference(int i, float[] values)
        {
            var scaled = values.ToArray();
            TensorPrimitives.Divide(scaled, isUnit ? NoiseSchedule.Deviation(schedule.Sigmas[i]) : 1, scaled);
            return scaled;
        }
    }

    // The golden file's model: 0.35 * input + 0.1 * cos(t / 100).
    private static void Formula(Evaluation asked, Span<float> output)
    {
        TensorPrimitives.Multiply(asked.X, 0.35f / NoiseSchedule.Deviation(asked.Sigma), output);
        TensorPrimitives.Add(output, 0.1f * MathF.Cos(asked.Timestep / 100), output);
    }

    private static void AssertEach(double share, float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= share * Math.Abs(expected[i]), $"value {i} is {actual[i]}, expected is {expected[i]}");
        }
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetSingle())];
}
