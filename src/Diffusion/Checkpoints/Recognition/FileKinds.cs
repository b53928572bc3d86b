using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>Tells what a file holds by the names of its tensors, and says of what is no model by itself what to do with it.</summary>
internal static class FileKinds
{
    public const string UnetPrefix = "model.diffusion_model.";
    public const string Supported = "Supported are checkpoints of Stable Diffusion 1, 2 and XL, for inpainting too.";

    // Each of these words appears in the names of a LoRA, in one of the forms that trainers write.
    private static readonly string[] LoraWords = [".lora_down.", ".lora_up.", ".lora_A.", ".lora_B.", ".lora.down.", ".lora.up.", "_lora.down.", "_lora.up.", ".hada_w1", ".lokr_w", ".oft_"];

    private static readonly string[] InversionNames = ["emb_params", "clip_l", "clip_g", "string_to_param"];

    // The widths of the text encoders in use.
    private static readonly long[] TextWidths = [768, 1024, 1280];

    // The first that fits counts.
    private static readonly (FileKind Kind, Func<SafetensorsHeader, bool> Fits)[] Signs =
    [
        (FileKind.ControlNet, header => Has(header, "control_model.") || Has(header, "controlnet_cond_embedding.") || Has(header, "input_hint_block.") || Has(header, "controlnet_")),
        (FileKind.IpAdapter, header => Has(header, "ip_adapter.") || Has(header, "image_proj.")),
        (FileKind.Lora, IsLora),
        (FileKind.StableDiffusion3, header => Has(header, UnetPrefix + "joint_blocks.") || Has(header, "joint_blocks.")),
        (FileKind.Flux, header => Has(header, UnetPrefix + "double_blocks.") || Has(header, "double_blocks.")),
        (FileKind.PlaygroundXl, header => header.Tensors.ContainsKey("edm_mean") || header.Tensors.ContainsKey("edm_vpred.sigma_max")),
        (FileKind.XlRefiner, header => Has(header, "conditioner.embedders.0.model.") && !Has(header, SingleFileKeys.XlOpenClip)),
        (FileKind.Unclip, header => Has(header, UnetPrefix + "label_emb.") && Has(header, SingleFileKeys.OpenClip)),
        (FileKind.Checkpoint, header => Has(header, UnetPrefix + "input_blocks.") && (Has(header, "cond_stage_model.") || Has(header, "conditioner."))),
        (FileKind.UnetAlone, header => Has(header, UnetPrefix + "input_blocks.") || Has(header, "input_blocks.") || (Has(header, "down_blocks.") && Has(header, "conv_in."))),
        (FileKind.Vae, header => (Has(header, "decoder.") && Has(header, "encoder.")) || Has(header, VaeKeys.InCheckpoint)),
        (FileKind.TextualInversion, IsTextualInversion),
        (FileKind.TextEncoderAlone, header => Has(header, "text_model.") || Has(header, "cond_stage_model.") || Has(header, "transformer.resblocks.")),
    ];

    public static FileKind Of(SafetensorsHeader header) => Signs.FirstOrDefault(sign => sign.Fits(header)).Kind;

    /// <summary>What it is, for a reader.</summary>
    public static string Words(FileKind kind) => kind switch
    {
        FileKind.Checkpoint => "a checkpoint",
        FileKind.XlRefiner => "the refiner of SDXL",
        FileKind.Unclip => "an unCLIP checkpoint, which draws from pictures",
        FileKind.PlaygroundXl => "a checkpoint of the Playground 2.5 kind, which was trained on other noise",
        FileKind.StableDiffusion3 => "a model of Stable Diffusion 3",
        FileKind.Flux => "a Flux model",
        FileKind.ControlNet => "a ControlNet",
        FileKind.IpAdapter => "an IP-Adapter",
        FileKind.Lora => "a LoRA",
        FileKind.Vae => "a VAE",
        FileKind.TextualInversion => "a textual inversion",
        FileKind.UnetAlone => "a UNet without its text encoders",
        FileKind.TextEncoderAlone => "a text encoder",
        FileKind.Unknown => "of no kind that is known here",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>What to do with a file that is no checkpoint.</summary>
    public static string Fix(FileKind kind) => kind switch
    {
        FileKind.Lora => "Put it into the folder of LoRAs (Worker:Loras) and name it in the prompt or the settings; it changes a model and is none itself.",
        FileKind.Vae => "It belongs to a model: name it with --vae when you add the checkpoint that it is for.",
        FileKind.UnetAlone => $"Take the whole checkpoint, with text encoder and VAE, or the folder that this file came from. {Supported}",
        FileKind.XlRefiner => $"Take the base model, which draws whole pictures by itself. {Supported}",
        _ => Supported,
    };

    private static bool IsLora(SafetensorsHeader header) =>
        Has(header, "lora_unet_") || Has(header, "lora_te") || LoraWords.Any(word => header.Tensors.Keys.Any(name => name.Contains(word, StringComparison.Ordinal)));

    /// <summary>A few vectors that stand for words; diffusers gives one the name of its word.</summary>
    private static bool IsTextualInversion(SafetensorsHeader header) =>
        header.Tensors.Count is > 0 and <= 4
        && (header.Tensors.Keys.All(name => InversionNames.Contains(name.Split('.')[0]))
            || header.Tensors.Values.All(tensor => tensor.Shape.Count is 1 or 2 && TextWidths.Contains(tensor.Shape[^1])));

    private static bool Has(SafetensorsHeader header, string beginning) => header.Tensors.Keys.Any(name => name.StartsWith(beginning, StringComparison.Ordinal));
}
