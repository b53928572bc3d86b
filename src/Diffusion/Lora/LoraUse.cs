namespace RenderFarm.Diffusion.Lora;

/// <summary>A LoRA that a request asks for, and how strongly it acts on each part of the model.</summary>
public sealed record LoraUse
{
    /// <summary>The name of its file in <see cref="PipelineOptions.LoraFolder"/>, without the ending.</summary>
    public required string Name { get; init; }

    /// <summary>Its share in the UNet; 1 is as trained, a negative one pulls away.</summary>
    public double UnetWeight { get; init; } = 1;

    /// <summary>Its share in the text encoders.</summary>
    public double TextWeight { get; init; } = 1;
}
