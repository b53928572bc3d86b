using RenderFarm.Diffusion.Checkpoints.Recognition;

namespace RenderFarm.Diffusion.Models;

/// <summary>What a checkpoint is used with, where its own file does not say it or is not to be asked.</summary>
public sealed record CheckpointChoices
{
    /// <summary>What the file itself says and has.</summary>
    public static CheckpointChoices None { get; } = new();

    private readonly string? _prediction;

    /// <summary>What the UNet predicts, epsilon or v_prediction; null asks the file.</summary>
    public string? Prediction
    {
        get => _prediction;
        init => _prediction = value is null || PredictionSigns.All.Contains(value)
            ? value
            : throw new ArgumentException($"The prediction '{value}' is unknown; known are {string.Join(", ", PredictionSigns.All)}.", nameof(value));
    }

    /// <summary>A .safetensors file of the autoencoder to use; null is the checkpoint's own.</summary>
    public string? Vae { get; init; }
}
