using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Previews;

namespace RenderFarm.Diffusion.Scoring;

/// <summary>Renders a batch that is not yet chosen from.</summary>
internal delegate IReadOnlyList<RenderedImage> RenderBatch(
    IReadOnlyList<ImageRequest> batch,
    IProgress<StepProgress>? progress,
    PreviewOptions? previews,
    CancellationToken ct);

/// <summary>Several pictures of a request, with seeds one after the other, of which the one that CLIP finds nearest to the prompt is kept.</summary>
internal sealed class BestOf(ModelFolder model, PipelineOptions options) : IDisposable
{
    private const int Most = 64;

    private readonly Lock _turn = new();
    private ClipScorer? _scorer;

    private string ClipFolder => options.ClipFolder ?? model.ClipFolder;

    /// <summary>Throws <see cref="RenderRequestException"/> where so many cannot be compared.</summary>
    public void Check(ImageRequest request)
    {
        var hasClip = options.ClipFolder is not null || model.HasClip;
        if (request.BestOf is < 1 or > Most || (request.BestOf > 1 && !hasClip))
        {
            throw new RenderRequestException(
                nameof(request.BestOf),
                $"{request.BestOf}",
                hasClip ? $"1 to {Most}" : $"only 1, because {model.Name} has no folder {NetworkFiles.Clip} and {nameof(PipelineOptions)}.{nameof(options.ClipFolder)} names none");
        }
    }

    /// <summary>Renders all candidates of all requests and keeps the best of each.</summary>
    public IReadOnlyList<RenderedImage> Render(
        IReadOnlyList<ImageRequest> batch,
        RenderBatch render,
        IProgress<StepProgress>? progress,
        PreviewOptions? previews,
        CancellationToken ct)
    {
        var scorer = Scorer();
        var candidates = batch.SelectMany((request, i) => Enumerable.Range(0, request.BestOf)
            .Select(k => new Candidate(i, k == 0, request with { Seed = unchecked(request.Seed + k), BestOf = 1 }))).ToArray();
        var parts = candidates.Chunk(Math.Max(options.BestOfTogether, 1)).ToArray();
        var pictures = parts.SelectMany((part, i) => RenderPart(
            part,
            render,
            progress is null ? null : new PartProgress(progress, i, parts.Length),
            previews is null ? null : previews with { Sink = new PartPreviews(previews.Sink, part) },
            ct)).ToArray();

        lock (_turn)
        {
            using var run = new RunOptions();
            var texts = new Dictionary<string, float[]>(StringComparer.Ordinal);
            return [.. candidates.Zip(pictures).GroupBy(one => one.First.Index, one => one.Second).Select(group => Best(scorer, [.. group], texts, run, ct))];
        }
    }

    public void Dispose() => _scorer?.Dispose();

    private static IReadOnlyList<RenderedImage> RenderPart(
        Candidate[] part,
        RenderBatch render,
        IProgress<StepProgress>? progress,
        PreviewOptions? previews,
        CancellationToken ct)
    {
        try
        {
            return render([.. part.Select(candidate => candidate.Request)], progress, previews, ct);
        }
        catch (NonFiniteLatentsException problem)
        {
            // Callers know rows of the batch, not of its parts.
            throw new NonFiniteLatentsException(part[problem.Row].Index, problem.Step, problem.Request);
        }
    }

    private static RenderedImage Best(ClipScorer scorer, RenderedImage[] candidates, Dictionary<string, float[]> texts, RunOptions run, CancellationToken ct)
    {
        if (candidates is [var only])
        {
            return only;
        }

        // Requests of a batch often share their prompt.
        var prompt = PlainPrompt.Of(candidates[0].Request);
        if (!texts.TryGetValue(prompt, out var text))
        {
            texts[prompt] = text = scorer.EmbedText(prompt, run);
        }

        var scores = candidates.Select(picture =>
        {
            ct.ThrowIfCancellationRequested();
            return ClipScorer.Similarity(text, scorer.EmbedPicture(picture.Rgb.Span, picture.Width, picture.Height, run));
        }).ToArray();

        // What may not be shown is chosen only where all are so.
        var (best, score) = candidates.Zip(scores).OrderBy(one => one.First.IsFlagged).ThenByDescending(one => one.Second).First();
        best.Scores = scores;
        best.Score = score;
        return best;
    }

    private ClipScorer Scorer()
    {
        lock (_turn)
        {
            return _scorer ??= ClipScorer.Load(ClipFolder, options.Device, options.Threads);
        }
    }

    private sealed record Candidate(int Index, bool IsFirst, ImageRequest Request);

    /// <summary>One part of the candidates after the other, as if they were one batch.</summary>
    private sealed class PartProgress(IProgress<StepProgress> whole, int part, int parts) : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            // Where a later part begins, the one before has told the same.
            if (part == 0 || value.Step > 0)
            {
                whole.Report(new StepProgress((part * value.Steps) + value.Step, parts * value.Steps));
            }
        }
    }

    /// <summary>Shows the first candidate of each request in the request's place.</summary>
    private sealed class PartPreviews(IProgress<Preview> whole, Candidate[] part) : IProgress<Preview>
    {
        public void Report(Preview value)
        {
            if (part[value.Index].IsFirst)
            {
                whole.Report(value with { Index = part[value.Index].Index });
            }
        }
    }
}
