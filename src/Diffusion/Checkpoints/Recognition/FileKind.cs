namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>What a file of weights holds.</summary>
internal enum FileKind
{
    Unknown,
    Checkpoint,
    XlRefiner,
    Unclip,
    PlaygroundXl,
    StableDiffusion3,
    Flux,
    ControlNet,
    IpAdapter,
    Lora,
    Vae,
    TextualInversion,
    UnetAlone,
    TextEncoderAlone,
}
