using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>Makes the row of a request: encodes its prompts, plans its schedule, draws its noise.</summary>
internal sealed class RowMaker(ModelFolder model, StartingLatents starts)
{
    private readonly TrainedNoise _trained = new(model.Parts.Scheduler);

    public Row Make(int index, ImageRequest request, PromptEncoder text, RunOptions options, CancellationToken ct)
    {
        var noise = NoiseOf(request);
        return Make(index, request, text, PromptPass.First(request), starts.Of(request, Plan(request), noise, options, ct), noise, options, ct);
    }

    /// <summary>The row of a second pass, from the first one's enlarged latent; the last steps of the schedule are walked.</summary>
    public Row MakeSecond(
        int index, ImageRequest request, PromptEncoder text, PromptPass pass, int walked, ReadOnlySpan<float> latent, RunOptions options, CancellationToken ct)
    {
        var noise = NoiseOf(request);
        var schedule = Plan(request);
        var joined = schedule with { Start = Math.Max(0, schedule.Steps - walked) };
        return Make(index, request, text, pass, starts.OfLatent(request, latent, joined, noise, options, ct), noise, options, ct);
    }

    private Row Make(
        int index, ImageRequest request, PromptEncoder text, PromptPass pass, StartingLatent start, RequestNoise noise, RunOptions options, CancellationToken ct)
    {
        var sampler = SamplerTable.Named(request.Sampler);
        var sampling = new SamplerOptions { Eta = (float)(request.Eta ?? sampler.DefaultEta), Churn = request.Churn, NoiseScale = request.NoiseScale };
        var run = new SamplerRun(_trained, start.Schedule, start.X, noise, sampling);
        var guidance = RequestGuidance.Of(request, pass, model.Parts.Family, text, options, ct);
        return new Row(index, request, sampler, run, guidance, start, RowInputs.Of(request, model.Parts, start.Schedule));
    }

    private RequestNoise NoiseOf(ImageRequest request) => new(request, model.Parts.Vae.LatentChannels, model.LatentFactor);

    private NoiseSchedule Plan(ImageRequest request) => SamplerTable.Named(request.Sampler)
        .Plan(new ScheduleRequest(_trained, model.Parts.Scheduler, request.Schedule, request.Steps, model.Parts.Family.IsXl));
}
