using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Simulation;

namespace RenderFarm.Worker.Tests.Simulation;

public sealed class SimulatedRendererTests : IDisposable
{
    private static readonly WorkerModel Model = new("emoji", "0123456789abcdef", "sd1", 128, 128, 8, 1000, null);
    private static readonly WorkerIdentity Me = new("sim-0", 1, "cpu", 1, 4, 1 << 20);
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_batch_takes_the_time_of_its_pictures_and_leaves_the_slot_when_it_is_over()
    {
        var renderer = new SimulatedRenderer(new SimulationOptions(Model, TimeSpan.FromSeconds(1), HasJitter: false), Me, _time);
        var rows = new KeptRows(3);
        var steps = new KeptSteps();
        var render = renderer.RenderAsync(0, Work("one", 3), steps, rows, CancellationToken.None);
        Assert.Empty(renderer.WarmModels);
        for (var quarter = 1; quarter < 12; quarter++)
        {
            await AdvanceAsync(steps, quarter);
        }

        Assert.False(render.IsCompleted);
        Assert.Equal([new SlotStatus("rendering", "emoji", 18, 20)], renderer.Slots);
        await AdvanceAsync(steps, 12);
        await render;
        await rows.All;
        Assert.Equal(new StepProgress(20, 20), steps.Reports.Last());
        Assert.Equal(["emoji"], renderer.WarmModels);
        Assert.Equal("idle", renderer.Slots[0].State);
        Assert.All(rows.Results.Values, result => Assert.Equal(TimeSpan.FromSeconds(1), result.Picture?.RenderTime));
    }

    [Fact]
    public async Task The_picture_of_a_frame_is_a_valid_file_and_has_the_same_bytes_everywhere()
    {
        var one = await RenderAsync("one", hasJitter: false);
        var two = await RenderAsync("two", hasJitter: true);
        Assert.Equal(one.Select(picture => picture.Sha256), two.Select(picture => picture.Sha256));
        Assert.Equal(2, one.Select(picture => picture.Sha256).Distinct().Count());
        var file = Path.Combine(_folder.Path, "one", "0.png");
        Assert.Equal(one[0].Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
        var picture = PngFile.Read(file);
        Assert.Equal((one[0].Width, one[0].Height), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task A_batch_that_is_stopped_reports_its_rows_as_stopped_at_once()
    {
        using var stop = new CancellationTokenSource();
        var renderer = new SimulatedRenderer(new SimulationOptions(Model, TimeSpan.FromHours(1), HasJitter: true), Me, _time);
        var rows = new KeptRows(2);
        var render = renderer.RenderAsync(0, Work("one", 2), new KeptSteps(), rows, stop.Token);
        await stop.CancelAsync();
        await render;
        Assert.Equal([RowFault.Stopped, RowFault.Stopped], rows.Results.Values.Select(result => result.Fault));
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Path, "one")));
    }

    [Fact]
    public async Task Where_no_picture_is_kept_all_frames_show_the_same()
    {
        var pictures = await RenderAsync("one", hasJitter: false, hasOnePicture: true);
        Assert.Single(pictures.Select(picture => picture.Sha256).Distinct());
        Assert.Equal(pictures[0].Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_folder.Path, "one", "1.png")))));
    }

    private async Task<IReadOnlyList<RenderedPicture>> RenderAsync(string folder, bool hasJitter, bool hasOnePicture = false)
    {
        var rows = new KeptRows(2);
        var renderer = new SimulatedRenderer(new SimulationOptions(Model, TimeSpan.FromMilliseconds(1), hasJitter, hasOnePicture), Me, TimeProvider.System);
        await renderer.RenderAsync(0, Work(folder, 2), new KeptSteps(), rows, CancellationToken.None);
        await rows.All;
        return [.. rows.Results.OrderBy(result => result.Key).Select(result => result.Value.Picture!)];
    }

    private RenderWork Work(string folder, int rows)
    {
        var place = Directory.CreateDirectory(Path.Combine(_folder.Path, folder)).FullName;
        var offer = new LeaseOffered(Guid.NewGuid(), 1, Guid.NewGuid(), "acme", "emoji", Model.Digest!, new RenderSettings { Steps = 20 }, new OutputSettings(), ["a pizza"], []);
        return new RenderWork(
            "emoji", Model.Digest!, Model.Bytes, [offer], [.. Enumerable.Range(0, rows).Select(row => new RenderRow(0, new LeasedFrame(row, 42, 0), Path.Combine(place, $"{row}.png")))]);
    }

    /// <summary>Lets a quarter of a second pass and waits until it is reported.</summary>
    private async Task AdvanceAsync(KeptSteps steps, int reports)
    {
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await steps.UntilAsync(reports);
    }

    private sealed class KeptRows(int rows) : IProgress<RowResult>
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentDictionary<int, RowResult> Results { get; } = [];

        public Task All => _all.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        public void Report(RowResult value)
        {
            Results[value.Row] = value;
            if (Results.Count == rows)
            {
                _all.TrySetResult();
            }
        }
    }

    private sealed class KeptSteps : IProgress<StepProgress>
    {
        private readonly Channel<StepProgress> _reported = Channel.CreateUnbounded<StepProgress>();

        public List<StepProgress> Reports { get; } = [];

        public void Report(StepProgress value) => _reported.Writer.TryWrite(value);

        public async Task UntilAsync(int reports)
        {
            while (Reports.Count < reports)
            {
                Reports.Add(await _reported.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2)));
            }
        }
    }
}
