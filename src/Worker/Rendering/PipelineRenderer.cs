using RenderFarm.Diffusion;
using RenderFarm.ServiceDefaults.Failpoints;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Pipelines;

namespace RenderFarm.Worker.Rendering;

/// <summary>Renders in this process, with pipelines that all slots share.</summary>
internal sealed class PipelineRenderer(WarmPipelines pipelines, PipelineSettings settings, TimeProvider time, SlotBoard board) : IRenderer
{
    private readonly Task[] _writing = [.. Enumerable.Repeat(Task.CompletedTask, settings.Slots)];

    public IReadOnlyList<string> WarmModels => pipelines.WarmModels;

    public long ResidentBytes => pipelines.ResidentBytes;

    public IReadOnlyList<SlotStatus> Slots => board.Slots;

    /// <summary>Waits until the pictures of all ended batches are written.</summary>
    public Task WrittenAsync() => Task.WhenAll(_writing);

    public async Task RenderAsync(int slot, RenderWork work, IProgress<StepProgress> steps, IProgress<RowResult> rows, CancellationToken stop)
    {
        var reports = new RowReports(work.Rows.Count, rows);

        // These have their pictures, and are reported when those are written, whatever becomes of the other rows.
        var rendered = new HashSet<int>();
        try
        {
            var requests = work.Rows.Select(row => FrameRequest.Of(work.Offers[row.Offer], row.Frame)).ToArray();
            board.Loads(slot, work.Model);
            using var pin = await pipelines.PinAsync(new PipelinePlace(work.Model, work.Folder ?? ModelPlaces.Of(settings.Models, work.Model)), work.ModelBytes, time, stop);
            if (pin.Pipeline.Model.Digest == work.ModelDigest)
            {
                // A thread of its own: a render keeps a core busy for seconds, which the thread pool's other users should not feel.
                await Task.Factory.StartNew(
                    () => Render(new Batch(slot, work, requests, reports, rendered, steps, board), pin, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            else
            {
                reports.Fault(reports.Open, RowFault.OfWorker(
                    $"The model '{work.Model}' was changed on disk: its digest is {pin.Pipeline.Model.Digest}, the job was accepted for {work.ModelDigest}. Start the worker again."));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            reports.Fault(reports.Open.Except(rendered), RowFault.Stopped);
        }
        catch (Exception ex)
        {
            reports.Fault(reports.Open.Except(rendered), RenderFaults.Classify(ex, work.Model, settings.Device));
        }
        finally
        {
            board.Rests(slot);
        }
    }

    private void Render(Batch batch, PipelinePin pin, CancellationToken stop)
    {
        board.Renders(batch.Slot, batch.Work.Model, default);
        var left = new List<int>();
        foreach (var row in Enumerable.Range(0, batch.Requests.Count))
        {
            if (WhyNot(pin.Pipeline, batch.Requests[row]) is { } reason)
            {
                batch.Reports.Fault(row, RowFault.OfRequest(reason));
            }
            else
            {
                left.Add(row);
            }
        }

        while (left.Count > 0)
        {
            var together = left.Where(row => pin.Pipeline.CanShareBatch(batch.Requests[left[0]], batch.Requests[row])).ToArray();
            foreach (var row in RenderTogether(batch, pin, together, stop))
            {
                left.Remove(row);
            }
        }
    }

    /// <summary>Renders these rows; the answer is those that are done with. Where one is at fault, it or all of them get the reason and the others are left for another try.</summary>
    private int[] RenderTogether(Batch batch, PipelinePin pin, int[] together, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        try
        {
            foreach (var row in together)
            {
                Failpoint.Reach("render.row", batch.Requests[row].Prompt);
            }

            var images = pin.Pipeline.Render([.. together.Select(row => batch.Requests[row])], batch, ct: stop);
            pin.Ran();
            Write(batch, [.. together.Zip(images)], time.GetElapsedTime(start) / together.Length);
            return together;
        }
        catch (NonFiniteLatentsException ex)
        {
            batch.Reports.Fault(together[ex.Row], RowFault.OfRequest(ex.Message));
            return [together[ex.Row]];
        }
        catch (Exception ex) when (RenderFaults.IsOfRequest(ex))
        {
            // What each of them asks for alone was checked before; what fails only now is what they share, such as a LoRA's file.
            batch.Reports.Fault(together, RowFault.OfRequest(ex.Message));
            return together;
        }
    }

    // Decoded pictures are large: a slot has one batch of them at most beside the one that it renders.
    private void Write(Batch batch, IReadOnlyList<(int Row, RenderedImage Image)> pictures, TimeSpan perPicture)
    {
        _writing[batch.Slot].GetAwaiter().GetResult();
        _writing[batch.Slot] = Task.Run(() => PictureFiles.Write(batch.Work, pictures, perPicture, batch.Reports));
        batch.Rendered.UnionWith(pictures.Select(picture => picture.Row));
    }

    private static string? WhyNot(DiffusionPipeline pipeline, ImageRequest request)
    {
        try
        {
            pipeline.Check(request);
            return null;
        }
        catch (Exception ex) when (RenderFaults.IsOfRequest(ex))
        {
            return ex.Message;
        }
    }

    private sealed record Batch(
        int Slot, RenderWork Work, IReadOnlyList<ImageRequest> Requests, RowReports Reports, HashSet<int> Rendered, IProgress<StepProgress> Steps, SlotBoard Board) : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            if (value.Step == 0)
            {
                Board.Renders(Slot, Work.Model, value);
                return;
            }

            Failpoint.Reach("render.step");
            Board.Renders(Slot, Work.Model, value);
            Steps.Report(value);
        }
    }
}
