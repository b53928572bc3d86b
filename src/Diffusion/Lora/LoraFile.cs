using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Lora;

/// <summary>A module's part of a LoRA: its weight changes by alpha / rank * up x down.</summary>
internal sealed record LoraPart(LoraNetwork Network, string Module, string Key, WeightTensor Down, WeightTensor Up, WeightTensor? Mid, WeightTensor? Alpha);

/// <summary>A LoRA (arXiv:2106.09685) in a .safetensors file, taken apart by module.</summary>
internal sealed class LoraFile : IDisposable
{
    // webui shows so much of a LoRA's hash.
    private const int ShownHash = 12;
    private const string NotedHash = "sshs_model_hash";

    private readonly SafetensorsFile _weights;
    private readonly AdapterNotes _notes;

    private LoraFile(SafetensorsFile weights)
    {
        _weights = weights;
        _notes = new AdapterNotes(weights.Path, weights.Header);
        Parts = PartsOf(weights);
    }

    public IReadOnlyList<LoraPart> Parts { get; }

    public string Path => _weights.Path;

    /// <exception cref="WeightFileException">The file is not a sound .safetensors file.</exception>
    /// <exception cref="LoraException">Some of its tensors are of no known form, or have no counterpart.</exception>
    public static LoraFile Open(string path)
    {
        var weights = SafetensorsFile.Open(path);
        try
        {
            return new LoraFile(weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The hash that webui writes: what the trainer noted, else SHA-256 of all after the header; twelve digits of it.</summary>
    public static string ShortHash(string path)
    {
        using var weights = SafetensorsFile.Open(path);
        var hash = weights.Header.Texts.GetValueOrDefault(NotedHash) is { Length: > 0 } noted ? noted : weights.DataDigest();
        return hash.Length <= ShownHash ? hash : hash[..ShownHash];
    }

    /// <summary>Alpha over rank; where no alpha is given, it is the rank.</summary>
    public double ScaleOf(LoraPart part)
    {
        var rank = part.Down.Shape[0];
        return part.Alpha is { Count: 1 } alpha ? (double)Floats(alpha)[0] / rank : _notes.ScaleOf(part.Network, part.Module, rank);
    }

    public float[] Floats(WeightTensor tensor) => _weights.Floats(tensor);

    public void Dispose() => _weights.Dispose();

    private static LoraPart[] PartsOf(SafetensorsFile weights)
    {
        var unknown = new List<string>();
        var tensors = new Dictionary<(LoraNetwork, string, LoraRole), WeightTensor>();
        foreach (var tensor in weights.Header.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            if (LoraKey.Parse(tensor.Name) is not { } key)
            {
                unknown.Add(tensor.Name);
            }
            else if (!tensors.TryAdd((key.Network, key.Module, key.Role), tensor))
            {
                throw new LoraException(weights.Path, "these keys mean the same:", [tensors[(key.Network, key.Module, key.Role)].Name, tensor.Name]);
            }
        }

        if (unknown.Count > 0)
        {
            throw new LoraException(weights.Path, "only LoRA with lora_down, lora_up, lora_mid and alpha (or lora_A, lora_B) is supported, not", unknown);
        }

        var modules = tensors.ToLookup(tensor => (Network: tensor.Key.Item1, Module: tensor.Key.Item2), tensor => (Role: tensor.Key.Item3, Tensor: tensor.Value));
        var alone = modules.Where(module => Find(module, LoraRole.Down) is null || Find(module, LoraRole.Up) is null);
        return alone.SelectMany(module => module).Select(one => one.Tensor.Name).ToArray() is { Length: > 0 } names
            ? throw new LoraException(weights.Path, "the counterparts are missing of", names)
            : [.. modules.Select(module => new LoraPart(
                module.Key.Network,
                module.Key.Module,
                Find(module, LoraRole.Down)!.Name,
                Find(module, LoraRole.Down)!,
                Find(module, LoraRole.Up)!,
                Find(module, LoraRole.Mid),
                Find(module, LoraRole.Alpha)))];
    }

    private static WeightTensor? Find(IEnumerable<(LoraRole Role, WeightTensor Tensor)> module, LoraRole role) =>
        module.FirstOrDefault(one => one.Role == role).Tensor;
}
