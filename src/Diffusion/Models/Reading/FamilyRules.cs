namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>Tells a folder's family by what its networks ask for, and notes where its configs say otherwise.</summary>
internal static class FamilyRules
{
    // Inpainting UNets see the latents, one channel of mask and the latents of the masked picture.
    private const int MaskChannels = 1;

    private static readonly string[] Kinds =
    [
        "StableDiffusion", "StableDiffusionImg2Img", "StableDiffusionInpaint", "StableDiffusionControlNet",
        "StableDiffusionXL", "StableDiffusionXLImg2Img", "StableDiffusionXLInpaint", "StableDiffusionXLControlNet",
        "LatentConsistencyModel", "LatentConsistencyModelImg2Img",
    ];

    // Optimum and its predecessor put their mark before diffusers' name.
    private static readonly string[] Pipelines =
        [.. from mark in new[] { "", "ORT", "Onnx" } from kind in Kinds select $"{mark}{kind}Pipeline"];

    /// <summary>The class that model_index.json names; noted where it is none that is known.</summary>
    public static string? ReadPipeline(ModelJson index)
    {
        index.Require("_class_name");
        return index.OneOf("_class_name", null, Pipelines);
    }

    /// <summary>The family, or null where it is none that is known, which is noted.</summary>
    public static ModelFamily? Recognize(ProblemList problems, string? pipeline, UnetConfig unet, VaeConfig vae, OnnxSignature network)
    {
        var before = problems.Count;
        var isXl = network.Input(NetworkFiles.PooledText) is not null;
        var isConsistencyModel = network.Input(NetworkFiles.GuidanceEmbedding) is not null;
        if (pipeline is not null)
        {
            Agree(problems, pipeline, "XL", isXl, NetworkFiles.PooledText);
            if (pipeline.Contains("LatentConsistency", StringComparison.Ordinal) && !isConsistencyModel)
            {
                problems.Add(NetworkFiles.Unet, $"model_index.json says {pipeline}, but the UNet has no input {NetworkFiles.GuidanceEmbedding}; its inputs are {string.Join(", ", network.Inputs)}.", "Export the model again, from the folder that model_index.json came from.");
            }
        }

        return problems.Count > before || CheckChannels(problems, unet, vae, network) is not { } isInpainting
            ? null
            : new ModelFamily(GenerationOf(unet, isXl), isConsistencyModel, isInpainting);
    }

    /// <summary>Notes where the parts do not fit the family or each other.</summary>
    public static void CheckParts(ProblemList problems, ModelParts parts)
    {
        var texts = parts.TextEncoders;
        if (texts.Count != (parts.Family.IsXl ? 2 : 1))
        {
            problems.Add(
                texts.Count == 1 ? NetworkFiles.TextEncoder2 : NetworkFiles.Unet,
                $"The UNet is one of {parts.Family.Name}, which has {(parts.Family.IsXl ? "two text encoders" : "one text encoder")}, but the folder has {texts.Count}.",
                "Export the whole model again; an XL refiner is not supported.");
            return;
        }

        foreach (var text in texts)
        {
            NetworkRules.CheckText(problems, text);
        }

        if (texts[^1].Config.Length != parts.Text.Length)
        {
            problems.Add(texts[^1].NetworkFile, $"It takes {texts[^1].Config.Length} tokens, but the first text encoder takes {parts.Text.Length}.", "Use two text encoders of the same model.");
        }

        NetworkRules.CheckUnet(problems, parts);
    }

    private static ModelGeneration GenerationOf(UnetConfig unet, bool isXl) => (isXl, unet.UsesLinearProjection) switch
    {
        (true, _) => ModelGeneration.StableDiffusionXl,
        (false, true) => ModelGeneration.StableDiffusion2,
        (false, false) => ModelGeneration.StableDiffusion1,
    };

    private static void Agree(ProblemList problems, string pipeline, string mark, bool found, string input)
    {
        var stated = pipeline.Contains(mark, StringComparison.Ordinal);
        if (stated != found)
        {
            problems.Add(
                "model_index.json",
                $"_class_name is {pipeline}, but the UNet has {(found ? "an" : "no")} input {input}, which {(found ? "only an XL model has" : "every XL model has")}.",
                "Export the model again, from the folder that model_index.json came from.");
        }
    }

    /// <summary>Whether the channels are those of an inpainting UNet; null where they are neither those nor the latents alone.</summary>
    private static bool? CheckChannels(ProblemList problems, UnetConfig unet, VaeConfig vae, OnnxSignature network)
    {
        var sample = network.Input(NetworkFiles.Sample);
        if (sample is { Shape: [_, >= 0 and var channels, _, _] } && channels != unet.InChannels)
        {
            problems.Add(UnetConfig.File, $"in_channels is {unet.InChannels}, but the network's input is {sample}.", "Restore the file from the model's source, or export the model again.");
            return null;
        }

        if (unet.InChannels == vae.LatentChannels)
        {
            return false;
        }

        if (unet.InChannels == (2 * vae.LatentChannels) + MaskChannels)
        {
            return true;
        }

        problems.Add(
            UnetConfig.File,
            $"in_channels is {unet.InChannels}; with the VAE's {vae.LatentChannels} latent channels it must be {vae.LatentChannels} (text to image) or {(2 * vae.LatentChannels) + MaskChannels} (inpainting).",
            "Use a model of Stable Diffusion 1, 2, XL or LCM; others, such as upscalers and models edited by instruction, are not supported.");
        return null;
    }
}
