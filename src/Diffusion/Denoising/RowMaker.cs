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
        var sampler = SamplerTable.Named(request.Sampler);
        var schedule = sampler.Plan(new ScheduleRequest(_trained, model.Parts.Scheduler, request.Schedule, request.Steps, model.Parts.Family.IsXl));
        var noise = new RequestNoise(request, model.Parts.Vae.LatentChannels, model.LatentFactor);
        var start = starts.Of(request, schedule, noise, options, ct);
        var sampling = new SamplerOptions { Eta = (float)(request.Eta ?? sampler.DefaultEta), Churn = request.Churn, NoiseScale = request.NoiseScale };
        var run = new SamplerRun(_trained, start.Schedule, start.X, noise, sampling);
        var guidance = RequestGuidance.Of(request, sampler.EvaluationsPerStep, model.Parts.Family, text, options, ct);
        return new Row(index, request, sampler, run, guidance, start, UnetInput.Of(request, model.Parts));
    }
}
