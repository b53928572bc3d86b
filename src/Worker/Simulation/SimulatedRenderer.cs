using System.Collections.Concurrent;
using RenderFarm.Diffusion;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Simulation;

/// <summary>A GPU that sleeps: it takes its time over a batch without a thread, and then leaves small pictures in the rows' files.</summary>
internal sealed class SimulatedRenderer(SimulationOptions simulation, WorkerIdentity me, TimeProvider time) : IRenderer
{
    private const double Jitter = 0.2;

    // The use of a frame's chance that no pixel has.
    private const int JitterUse = -1;

    // What is reported oftener is not passed on to anybody.
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(250);
    private readonly SlotBoard _board = new(me.Slots);
    private readonly ConcurrentDictionary<OutputSettings, SimulatedPicture> _onePicture = new();
    private volatile bool _isWarm;

    public IReadOnlyList<string> WarmModels => _isWarm ? [simulation.Model.Name] : [];

    public long ResidentBytes => _isWarm ? simulation.Model.Bytes : 0;

    public IReadOnlyList<SlotStatus> Slots => _board.Slots;

    public async Task RenderAsync(int slot, RenderWork work, IProgress<StepProgress> steps, IProgress<RowResult> rows, CancellationToken stop)
    {
        var reports = new RowReports(work.Rows.Count, rows);
        try
        {
            var start = time.GetTimestamp();
            await SleepAsync(slot, work, steps, stop);
            _isWarm = true;
            var perPicture = time.GetElapsedTime(start) / work.Rows.Count;
            // The slot goes on with its next batch meanwhile, as a real one does.
            _ = Task.Run(() => Write(work, perPicture, reports), CancellationToken.None);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            reports.Fault(reports.Open, RowFault.Stopped);
        }
        finally
        {
            _board.Rests(slot);
        }
    }

    private async Task SleepAsync(int slot, RenderWork work, IProgress<StepProgress> steps, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        var whole = TimeSpan.FromTicks(work.Rows.Sum(row => TimeOf(row.Frame).Ticks));
        var count = Math.Max(1, work.OfferOf(0).Settings.Steps);
        _board.Renders(slot, work.Model, default);
        var reports = Math.Clamp((int)Math.Ceiling(whole / ReportEvery), 1, count);
        for (var report = 1; report <= reports; report++)
        {
            // Until a moment and not for a while, so that timers that come late do not add up.
            var left = (whole * report / reports) - time.GetElapsedTime(start);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, time, stop);
            }

            var progress = new StepProgress(count * report / reports, count);
            _board.Renders(slot, work.Model, progress);
            steps.Report(progress);
        }
    }

    private TimeSpan TimeOf(LeasedFrame frame) => simulation.HasJitter
        ? simulation.FrameTime * (1 - Jitter + (2 * Jitter * Chance.UnitOf(frame.Seed, frame.Index, JitterUse)))
        : simulation.FrameTime;

    private void Write(RenderWork work, TimeSpan perPicture, RowReports reports)
    {
        try
        {
            var pictures = work.Rows.Select((row, at) => Write(work.OfferOf(at), row, perPicture)).ToList();
            foreach (var folder in work.Rows.Select(row => Path.GetDirectoryName(row.File)!).Distinct())
            {
                DurableFile.SyncFolder(folder);
            }

            foreach (var (row, picture) in pictures.Index())
            {
                reports.Picture(row, picture);
            }
        }
        catch (Exception ex)
        {
            reports.Fault(reports.Open, RowFault.OfWorker($"The picture could not be written: {ex.Message}"));
        }
    }

    private RenderedPicture Write(LeaseOffered offer, RenderRow row, TimeSpan perPicture)
    {
        var picture = simulation.HasOnePicture
            ? _onePicture.GetOrAdd(offer.Output, (output, frame) => SimulatedPicture.Of(output, frame), row.Frame)
            : SimulatedPicture.Of(offer.Output, row.Frame);
        DurableFile.Write(row.File, picture.Bytes);
        return new RenderedPicture(row.Frame.Seed, picture.Sha256, picture.Bytes.Length, SimulatedPicture.Side, SimulatedPicture.Side, Score: null, perPicture);
    }
}
