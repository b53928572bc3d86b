using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Lora.Merging;

/// <summary>Finds the weights of a model's networks that LoRAs change.</summary>
internal static class LoraMerge
{
    /// <summary>The changes by network; a network that no LoRA changes is left out.</summary>
    /// <exception cref="LoraException">A key matches nothing in the model, or a part has other shapes than the model's weight.</exception>
    public static IReadOnlyDictionary<LoraNetwork, MergedWeights> Plan(
        IReadOnlyDictionary<LoraNetwork, OnnxGraphFile> networks,
        IReadOnlyList<(LoraFile File, LoraUse Use)> loras)
    {
        var modules = networks.ToDictionary(network => network.Key, network => new ModuleIndex(network.Value));
        return loras.SelectMany(lora => ChangesOf(lora.File, lora.Use, modules))
            .GroupBy(change => change.Part.Network)
            .ToDictionary(network => network.Key, network => new MergedWeights(networks[network.Key], network));
    }

    private static IEnumerable<LoraChange> ChangesOf(LoraFile file, LoraUse use, Dictionary<LoraNetwork, ModuleIndex> modules)
    {
        var found = file.Parts.Select(part => (Part: part, Target: modules.GetValueOrDefault(part.Network)?.Find(part.Module))).ToArray();
        Refuse(found.Where(one => one.Target is null), "nothing in the model is meant by");
        Refuse(found.Where(one => modules[one.Part.Network].IsShared(one.Target!)), "the model stores one weight for several modules, one of which is meant by");
        Refuse(found.Where(one => !StoredFloats.Has(one.Target!.Weight.Element)), "the model's weights are neither Float32, Float16 nor BFloat16 that are meant by");
        Refuse(found.Where(one => !HasShapeOf(one.Part, one.Target!)), "the model's weights have other shapes than");
        return found
            .Select(one => new LoraChange(file, one.Part, one.Target!, one.Part.Network == LoraNetwork.Unet ? use.UnetWeight : use.TextWeight))
            .Where(change => change.Share != 0);

        void Refuse(IEnumerable<(LoraPart Part, ModuleWeight? Target)> wrong, string problem)
        {
            if (wrong.Select(one => one.Part.Key).ToArray() is { Length: > 0 } keys)
            {
                throw new LoraException(file.Path, problem, keys);
            }
        }
    }

    /// <summary>Whether up x down is as large as the weight, in its rows as in its columns.</summary>
    private static bool HasShapeOf(LoraPart part, ModuleWeight target)
    {
        var (down, up, mid) = (part.Down.Shape, part.Up.Shape, part.Mid?.Shape);
        var rank = down.Count >= 2 ? down[0] : 0;
        if (rank == 0 || up.Count < 2 || up[1] != rank || part.Alpha?.Count > 1 || (mid is not null && (mid.Count < 3 || mid[0] != rank || mid[1] != rank)))
        {
            return false;
        }

        var dims = target.Weight.Dims;
        var outputs = dims[target.IsTransposed ? 1 : 0];
        var kernel = mid is null ? 1 : part.Mid!.Count / (rank * rank);
        return part.Up.Count == outputs * rank && part.Down.Count * kernel / rank * outputs == dims.Aggregate(1L, (count, size) => count * size);
    }
}
