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
        // A prompt that is given twice takes one row of the UNet.
        var composed = PromptComposition.Parse(ExtraNetworks.Parse(PromptComments.Strip(prompt)).Prompt)
            .GroupBy(part => part.Text.Trim(), part => part.Weight, StringComparer.Ordinal)
            .Select(part => (Conditioning: Schedule(part.Key, pass, options, ct), Weight: part.Sum()))
            .ToArray();
        var tokens = composed.Max(part => part.Conditioning.At(0).Tokens);
        return [.. composed.Select(part => (part.Conditioning.LengthenedTo(tokens), part.Weight))];
    }

    /// <summary>What to stay away from; for SDXL nothing is all zeros.</summary>
    public ConditioningSchedule EncodeNegative(string prompt, PromptPass pass, RunOptions options, CancellationToken ct)
    {
        var text = PromptComments.Strip(prompt);
        return parts.Family.IsXl && PromptSchedule.Parse(text, pass.Steps, pass.SecondSteps).All(entry => entry.Text.Length == 0)
            ? ConditioningSchedule.Always(Conditioning.Zeros(parts))
            : Schedule(text, pass, options, ct);
    }

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
