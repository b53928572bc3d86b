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
        var rows = work.Requests.Select(request => new RowResult(null, WhyNot(pin.Pipeline, request))).ToArray();
        while (true)
        {
            var sound = Enumerable.Range(0, rows.Length).Where(row => rows[row].Error is null).ToArray();
            if (sound.Length == 0)
            {
                return new RenderResult(rows, time.GetElapsedTime(start));
            }

            try
            {
                var images = pin.Pipeline.Render([.. sound.Select(row => work.Requests[row])], progress, ct: cancellationToken);
                pin.Ran();
                foreach (var (row, image) in sound.Zip(images))
                {
                    rows[row] = new RowResult(image, null);
                }

                var duration = time.GetElapsedTime(start);
                WorkerMetrics.Rendered(work.Model, duration / sound.Length, sound.Length);
                return new RenderResult(rows, duration);
            }
            catch (NonFiniteLatentsException ex)
            {
                rows[sound[ex.Row]] = new RowResult(null, ex.Message);
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
        catch (RenderRequestException ex)
        {
            return ex.Message;
        }
    }
}
