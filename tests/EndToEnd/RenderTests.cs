using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RenderFarm.Client;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Provenance;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

public sealed class RenderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task A_job_becomes_pictures_that_carry_their_settings_and_the_same_seed_gives_the_same_bytes(FarmMode mode)
    {
        await using var farm = await TestFarm.StartAsync(mode, Cancellation);
        var first = await RenderAsync(farm, Pizza(4));
        var again = await RenderAsync(farm, Pizza(4));

        Assert.Equal(4, first.Select(Sha256).Distinct().Count());
        Assert.Equal(first.Select(Sha256), again.Select(Sha256));
        foreach (var picture in first)
        {
            var text = Encoding.Latin1.GetString(picture);
            Assert.Contains("a pizza on a blue background", text, StringComparison.Ordinal);
            Assert.Contains("Steps: 4, Sampler: DPM++ 2M", text, StringComparison.Ordinal);
            Assert.Contains("renderfarm", text, StringComparison.Ordinal);
        }

        await farm.AuditAsync(Cancellation);
    }

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task Prompts_are_rendered_count_times_each_and_followed_to_the_end(FarmMode mode)
    {
        await using var farm = await TestFarm.StartAsync(mode, Cancellation);
        var request = Pizza(2) with { Prompts = ["a dog", "a rocket on a black background", "red apple, green background"] };
        var job = await farm.Client.SubmitAsync(request with { Settings = request.Settings with { Prompt = null } }, cancellationToken: Cancellation);

        var settled = new List<FrameView>();
        JobView? last = null;
        await foreach (var happened in farm.Client.WatchAsync(job.Id, Cancellation).WithCancellation(Cancellation))
        {
            if (happened is JobEvent.FrameSettled frame)
            {
                settled.Add(frame.Frame);
            }
            else if (happened is JobEvent.JobChanged changed)
            {
                last = changed.Job;
            }
        }

        Assert.Equal(JobState.Completed, last?.State);
        Assert.Equal([0, 1, 2, 3, 4, 5], settled.Select(x => x.Index).Order());
        Assert.Equal(["a dog", "a dog", "a rocket on a black background", "a rocket on a black background", "red apple, green background", "red apple, green background"],
            settled.OrderBy(x => x.Index).Select(x => x.Prompt));
        Assert.Equal([42, 43, 42, 43, 42, 43], settled.OrderBy(x => x.Index).Select(x => x.Seed));
    }

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task A_cancelled_job_stops_and_nothing_is_committed_afterwards(FarmMode mode)
    {
        await using var farm = await TestFarm.StartAsync(mode, Cancellation);
        var job = await farm.Client.SubmitAsync(Pizza(1_000_000), cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered > 0, Patience, Cancellation);
        var cancelled = await farm.Client.CancelJobAsync(job.Id, Cancellation);

        Assert.Equal(JobState.Cancelled, cancelled.State);
        Assert.Equal(1_000_000, cancelled.Rendered + cancelled.Cancelled);
        var next = await farm.Client.SubmitAsync(Pizza(2), cancellationToken: Cancellation);
        await farm.JobAsync(next.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        Assert.Equal(cancelled.Rendered, (await farm.Client.GetJobAsync(job.Id, Cancellation)).Rendered);
        await farm.AuditAsync(Cancellation);
    }

    [Fact]
    public async Task The_best_of_several_large_pictures_of_a_weighted_prompt_tells_how_it_was_made()
    {
        await using var farm = await TestFarm.StartAsync(FarmMode.Embedded, Cancellation);
        var best = (await RenderAsync(farm, Large(bestOf: 3)))[0];
        Assert.Equal((96, 96), SizeOf(best));
        var texts = PictureText.Read(best);
        Assert.StartsWith("a (pizza:1.4) on a [blue] background\n", texts["parameters"], StringComparison.Ordinal);
        Assert.Contains("Sampler: Euler a, Schedule type: Automatic", texts["parameters"], StringComparison.Ordinal);
        Assert.Contains("Hires upscale: 1.5", texts["parameters"], StringComparison.Ordinal);
        using var provenance = JsonDocument.Parse(texts["renderfarm"]);
        var scores = provenance.RootElement.GetProperty("scores").EnumerateArray().Select(score => score.GetDouble()).ToList();
        Assert.Equal(3, scores.Count);

        // What its text says renders it again.
        var settings = provenance.RootElement.GetProperty("settings").Deserialize<RenderSettings>(FarmJson.Options)!;
        Assert.Equal(42 + scores.IndexOf(scores.Max()), settings.Seed);
        var alone = (await RenderAsync(farm, Large(bestOf: 1) with { Settings = settings, Output = new OutputSettings { Metadata = false } }))[0];
        Assert.Equal(PixelsOf(best), PixelsOf(alone));
        await farm.AuditAsync(Cancellation);
    }

    private static JobRequest Large(int bestOf) => new()
    {
        Model = "emoji",
        BestOf = bestOf,
        Settings = new RenderSettings
        {
            Prompt = "a (pizza:1.4) on a [blue] background",
            Width = 64,
            Height = 64,
            Steps = 4,
            Seed = 42,
            Sampler = "Euler a",
            Hires = new HiresSettings { Scale = 1.5, Steps = 2 },
        },
    };

    private static (int Width, int Height) SizeOf(byte[] picture)
    {
        var image = InputImage.Decode(picture);
        return (image.Width, image.Height);
    }

    private static byte[] PixelsOf(byte[] picture) => InputImage.Decode(picture).Rgb.ToArray();

    internal static JobRequest Pizza(long count) => new()
    {
        Model = "emoji",
        Count = count,
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Steps = 4, Seed = 42 },
    };

    internal static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static async Task<List<byte[]>> RenderAsync(TestFarm farm, JobRequest request)
    {
        var job = await farm.Client.SubmitAsync(request, cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        var pictures = new List<byte[]>();
        await foreach (var frame in farm.Client.FramesAsync(job.Id, cancellationToken: Cancellation))
        {
            using var picture = new MemoryStream();
            await farm.Client.DownloadImageAsync(job.Id, frame.Index, picture, Cancellation);
            Assert.Equal(frame.Sha256, Sha256(picture.ToArray()));
            pictures.Add(picture.ToArray());
        }

        return pictures;
    }
}
