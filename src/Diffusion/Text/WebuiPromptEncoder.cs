using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Text;

/// <summary>Prompts in stable-diffusion-webui's syntax to conditionings that change over the steps, by all text encoders of a model.</summary>
internal sealed class WebuiPromptEncoder(ModelParts parts, IReadOnlyList<TextEncoder> encoders)
{
    private readonly ChunkEncoder[] _encoders = [.. encoders.Select((encoder, i) => new ChunkEncoder(parts.TextEncoders[i], encoder))];

    /// <summary>The prompts that AND joins, with their weights; all as long as the longest, by repeating the last vector.</summary>
    public IReadOnlyList<(ConditioningSchedule Conditioning, double Weight)> Encode(string prompt, PromptPass pass, RunOptions options, CancellationToken ct)
    {
        var composed = PromptComposition.Parse(ExtraNetworks.Parse(prompt).Prompt);
        var schedules = composed
            .Select(part => part.Text)
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(text => text, text => Schedule(text, pass, options, ct), StringComparer.Ordinal);
        var tokens = schedules.Values.Max(schedule => schedule.At(0).Tokens);
        return [.. composed.Select(part => (schedules[part.Text].LengthenedTo(tokens), part.Weight))];
    }

    /// <summary>What to stay away from; for SDXL nothing is all zeros.</summary>
    public ConditioningSchedule EncodeNegative(string prompt, PromptPass pass, RunOptions options, CancellationToken ct) =>
        parts.Family.IsXl && PromptSchedule.Parse(prompt, pass.Steps, pass.SecondSteps).All(entry => entry.Text.Length == 0)
            ? ConditioningSchedule.Always(Conditioning.Zeros(parts))
            : Schedule(prompt, pass, options, ct);

    private ConditioningSchedule Schedule(string prompt, PromptPass pass, RunOptions options, CancellationToken ct)
    {
        var schedule = PromptSchedule.Parse(prompt, pass.Steps, pass.SecondSteps);
        string[] texts = [.. schedule.Select(entry => entry.Text)];
        var encoded = _encoders.Select(encoder => encoder.Encode(texts, pass.Emphasis, pass.ClipSkip, options, ct)).ToArray();
        var joined = texts
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(text => text, text => PromptEncoder.Join([.. encoded.Select(one => one[text])]), StringComparer.Ordinal);
        return new ConditioningSchedule([.. schedule.Select(entry => (entry.LastStep, joined[entry.Text]))]);
    }
}
