using RenderFarm.Diffusion.Scoring;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>Reads the networks that a folder may have besides those that every picture needs.</summary>
internal static class OptionalNetworks
{
    private const int PictureChannels = 3;

    private static readonly string[] Networks = [NetworkFiles.SafetyChecker, NetworkFiles.ControlNet, .. NetworkFiles.PreviewDecoders];

    /// <summary>Those of them that are there.</summary>
    public static IEnumerable<string> FilesOf(ProblemList problems) => Networks.Where(file => File.Exists(problems.PathOf(file)));

    /// <summary>The parts with what else the folder has; notes what does not fit.</summary>
    public static ModelParts Add(ProblemList problems, ModelParts parts) => parts with
    {
        SafetyChecker = ReadSafetyChecker(problems),
        ControlNetwork = ReadControlNet(problems, parts),
        PreviewDecoder = ReadPreviewDecoder(problems, parts),
    };

    private static SafetyParts? ReadSafetyChecker(ProblemList problems)
    {
        if (!File.Exists(problems.PathOf(NetworkFiles.SafetyChecker)))
        {
            return null;
        }

        var network = NetworkRules.Read(
            problems,
            NetworkFiles.SafetyChecker,
            [new(NetworkFiles.ClipInput, NetworkRules.Floats)],
            [new(NetworkFiles.Concepts, OnnxElement.Bool)],
            [NetworkFiles.Pictures]);
        var input = PictureInput.Read(problems, $"feature_extractor/{PictureInput.File}");
        return network is null || input is null ? null : new SafetyParts(network, input);
    }

    private static OnnxSignature? ReadControlNet(ProblemList problems, ModelParts parts)
    {
        if (!File.Exists(problems.PathOf(NetworkFiles.ControlNet)))
        {
            return null;
        }

        var residuals = ControlResidual.Of(parts);
        var missing = residuals.Where(residual => parts.UnetNetwork.Input(residual.Name) is null).Select(residual => residual.Name).ToArray();
        if (missing.Length > 0)
        {
            problems.Add(NetworkFiles.Unet, $"The folder has a ControlNet, but the UNet has no input {string.Join(", ", missing)}.", "Export the UNet with the ControlNet's residuals as inputs, or take the folder controlnet away.");
        }

        var network = NetworkRules.Read(
            problems,
            NetworkFiles.ControlNet,
            [
                new(NetworkFiles.Sample, NetworkRules.Floats),
                new(NetworkFiles.Timestep, [.. NetworkRules.Floats, OnnxElement.Int64]),
                new(NetworkFiles.Conditioning, NetworkRules.Floats),
                new(NetworkFiles.ControlImage, NetworkRules.Floats),
            ],
            [.. residuals.Select(residual => new NetworkRules.Needed(residual.Name, NetworkRules.Floats))],
            [NetworkFiles.PooledText, NetworkFiles.TimeIds]);

        // What the UNet sees, the ControlNet is given as it is.
        foreach (var name in new[] { NetworkFiles.Sample, NetworkFiles.Timestep })
        {
            if (network?.Input(name) is { } own && parts.UnetNetwork.Input(name) is { } unet && !IsAlike(own, unet))
            {
                problems.Add(NetworkFiles.ControlNet, $"Its input is {own}, the UNet's is {unet}.", "Use a ControlNet of the same family, exported in the same way as the UNet.");
            }
        }

        return network;
    }

    private static bool IsAlike(OnnxValue a, OnnxValue b) =>
        NetworkRules.Floats.Contains(a.Element) == NetworkRules.Floats.Contains(b.Element)
        && a.Shape?.Count == b.Shape?.Count
        && (a.Shape ?? []).Zip(b.Shape ?? []).All(sides => sides.First == sides.Second);

    private static PreviewDecoderParts? ReadPreviewDecoder(ProblemList problems, ModelParts parts)
    {
        var file = NetworkFiles.PreviewDecoders.FirstOrDefault(candidate => File.Exists(problems.PathOf(candidate)));
        if (file is null || NetworkRules.Read(problems, file) is not { } network)
        {
            return null;
        }

        if (network is { Inputs: [{ Shape.Count: 4 } input], Outputs: [{ Shape.Count: 4 } output] } && Fits(input, parts.Vae.LatentChannels) && Fits(output, PictureChannels))
        {
            return new PreviewDecoderParts(file, input.Name, output.Name);
        }

        problems.Add(
            file,
            $"A decoder for previews takes {parts.Vae.LatentChannels} channels of latents and gives {PictureChannels} of a picture; this one takes {string.Join(", ", network.Inputs)} and gives {string.Join(", ", network.Outputs)}.",
            "Use the small autoencoder of the same family, or take its folder away.");
        return null;

        static bool Fits(OnnxValue value, int channels) => NetworkRules.Floats.Contains(value.Element) && (value.Shape![1] < 0 || value.Shape[1] == channels);
    }
}
