using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Worker.Pipelines;

namespace RenderFarm.Worker.Rendering;

/// <summary>Renders batches. Takes and gives plain data only and never throws anything but <see cref="RenderFailedException"/> and cancellation, so that it could run in a process of its own.</summary>
internal sealed class Renderer(WarmPipelines pipelines, WorkerIdentity me, TimeProvider time)
{
    /// <summary>Renders the rows together. Rows that cannot be rendered say why; the others are not disturbed by them.</summary>
    public async Task<RenderResult> RenderAsync(RenderWork work, IProgress<StepProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            using var pin = await pipelines.PinAsync(work.Model, time, cancellationToken);
            if (pin.Pipeline.Model.Digest != work.ModelDigest)
            {
                throw new RenderFailedException(
                    AttemptOutcome.Failed,
                    ErrorClass.Worker,
                    $"The model '{work.Model}' was changed on disk: its digest is {pin.Pipeline.Model.Digest}, the job was accepted for {work.ModelDigest}. Start the worker again.",
                    new InvalidDataException());
            }

            // A thread of its own: a render keeps a core busy for seconds, which the thread pool's other users should not feel.
            return await Task.Factory.StartNew(() => Render(pin, work, progress, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (Exception ex) when (ex is not RenderFailedException && !cancellationToken.IsCancellationRequested)
        {
            throw RenderFaults.Classify(ex, work.Model, me.Device);
        }
    }

    private RenderResult Render(PipelinePin pin, RenderWork work, IProgress<StepProgress> progress, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var rows = work.Requests.Select(request => WhyNot(pin.Pipeline, request) is { } reason ? new RowResult(null, reason) : null).ToArray();
        while (Array.FindIndex(rows, row => row is null) is >= 0 and var first)
        {
            var together = Enumerable.Range(first, rows.Length - first)
                .Where(row => rows[row] is null && pin.Pipeline.CanShareBatch(work.Requests[first], work.Requests[row]))
                .ToArray();
            RenderTogether(pin, work, together, rows, progress, cancellationToken);
        }

        return new RenderResult([.. rows.Select(row => row!)], time.GetElapsedTime(start));
    }

    /// <summary>Gives these rows their pictures; where one is at fault, it or all of them get the reason and the others are left for another try.</summary>
    private void RenderTogether(PipelinePin pin, RenderWork work, int[] together, RowResult?[] rows, IProgress<StepProgress> progress, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        try
        {
            var images = pin.Pipeline.Render([.. together.Select(row => work.Requests[row])], progress, ct: cancellationToken);
            pin.Ran();
            foreach (var (row, image) in together.Zip(images))
            {
                rows[row] = new RowResult(image, null);
            }

            WorkerMetrics.Rendered(work.Model, time.GetElapsedTime(start) / together.Length, together.Length);
        }
        catch (NonFiniteLatentsException ex)
        {
            rows[together[ex.Row]] = new RowResult(null, ex.Message);
        }
        catch (Exception ex) when (RenderFaults.IsOfRequest(ex))
        {
            // What each of them asks for alone was checked before; what fails only now is what they share, such as a LoRA's file.
            foreach (var row in together)
            {
                rows[row] = new RowResult(null, ex.Message);
            }
        }
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
}
