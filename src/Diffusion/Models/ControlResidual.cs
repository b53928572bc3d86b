namespace RenderFarm.Diffusion.Models;

/// <summary>What a ControlNet adds to one place of the UNet (Zhang et al., arXiv:2302.05543): its name, channels, and how often the sides are halved there.</summary>
internal sealed record ControlResidual(string Name, int Channels, int Halvings)
{
    /// <summary>
    /// The places of a UNet in the order of their names: the first convolution, each layer of each level and the halving behind it, which
    /// the last level does not have; then the middle.
    /// </summary>
    public static IReadOnlyList<ControlResidual> Of(ModelParts parts)
    {
        var (channels, layers) = (parts.Unet.BlockChannels, parts.Unet.BlockLayers);
        List<(int Channels, int Halvings)> places = [(channels[0], 0)];
        for (var level = 0; level < channels.Count; level++)
        {
            places.AddRange(Enumerable.Repeat((channels[level], level), layers[Math.Min(level, layers.Count - 1)]));
            if (level < channels.Count - 1)
            {
                places.Add((channels[level], level + 1));
            }
        }

        return
        [
            .. places.Select((place, i) => new ControlResidual(NetworkFiles.DownResidual(i), place.Channels, place.Halvings)),
            new ControlResidual(NetworkFiles.MidResidual, channels[^1], channels.Count - 1),
        ];
    }
}
