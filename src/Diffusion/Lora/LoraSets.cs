using System.Globalization;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.Lora.Merging;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion.Lora;

/// <summary>The networks that LoRAs change.</summary>
internal sealed record StyledNetworks(IReadOnlyList<TextEncoder> TextEncoders, PromptEncoder Text, Unet Unet)
{
    /// <summary>The LoRAs in them by name, with the hashes that webui shows.</summary>
    public IReadOnlyDictionary<string, string> LoraHashes { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// A model's networks with sets of LoRAs merged into them, or made seamless, the sets used last. A network that a set leaves
/// alone is the model's own. Takes over the model's own networks; for one caller at a time.
/// </summary>
internal sealed class LoraSets(ModelFolder model, PipelineOptions options, StyledNetworks plain, NetworkLoader loader) : IDisposable
{
    private static readonly (LoraNetwork Network, string File)[] Files =
    [
        (LoraNetwork.Unet, NetworkFiles.Unet),
        (LoraNetwork.TextEncoder, NetworkFiles.TextEncoder),
        (LoraNetwork.TextEncoder2, NetworkFiles.TextEncoder2),
    ];

    private readonly LoraFolder _folder = new(options.LoraFolder);
    private readonly FileHashes _hashes = new(options.CacheFolder);
    private readonly MergedFiles? _merged = options.CacheFolder is { } cache && options.LoraCacheBytes > 0 ? new(cache, options.LoraCacheBytes, TimeProvider.System) : null;
    private readonly LinkedList<(string Key, StyledNetworks Networks)> _sets = [];

    /// <summary>How often text networks ran, with and without LoRAs, in the sets that are loaded.</summary>
    public long TextEncoderRuns => _sets.Select(set => set.Networks).Append(plain).SelectMany(set => set.TextEncoders).Distinct().Sum(encoder => encoder.Runs);

    /// <summary>How many rows went through UNets, in the sets that are loaded.</summary>
    public long UnetRows => _sets.Select(set => set.Networks).Append(plain).Select(set => set.Unet).Distinct().Sum(unet => unet.RowsEvaluated);

    /// <summary>Throws <see cref="RenderRequestException"/> where a LoRA's file is not there.</summary>
    public void Check(IReadOnlyList<LoraUse> loras)
    {
        foreach (var use in loras)
        {
            _folder.Find(use.Name);
        }
    }

    /// <summary>The networks with these LoRAs, merged and loaded if they are not yet.</summary>
    public StyledNetworks With(IReadOnlyList<LoraUse> loras, bool isSeamless, CancellationToken ct)
    {
        if (loras.Count == 0 && !isSeamless)
        {
            return plain;
        }

        // Sorted, so that every order gives the same sums.
        var found = loras
            .Select(use => (Path: _folder.Find(use.Name), Use: use))
            .OrderBy(one => one.Path, StringComparer.Ordinal).ThenBy(one => one.Use.UnetWeight).ThenBy(one => one.Use.TextWeight)
            .ToArray();
        var key = string.Join('\n', [$"{isSeamless}", .. found.Select(one => Identity(one.Path, one.Use))]);
        var node = _sets.First;
        while (node is not null && node.Value.Key != key)
        {
            node = node.Next;
        }

        if (node is not null)
        {
            _sets.Remove(node);
        }
        else
        {
            // First what goes, then what comes: both at once may not fit.
            while (_sets.Count >= Math.Max(options.LoraSets, 1))
            {
                Unload(_sets.Last!.Value.Networks);
                _sets.RemoveLast();
            }

            node = new LinkedListNode<(string, StyledNetworks)>((key, Load(found, isSeamless, ct)));
        }

        _sets.AddFirst(node);
        return node.Value.Networks;
    }

    public void Dispose()
    {
        foreach (var (_, networks) in _sets)
        {
            Unload(networks);
        }

        plain.Unet.Dispose();
        plain.Text.Dispose();
    }

    /// <summary>Changes with the file, should it be replaced.</summary>
    private static string Identity(string path, LoraUse use)
    {
        var file = FileState.Of(FileState.Original(path));
        return string.Create(CultureInfo.InvariantCulture, $"{path}|{file.Bytes}|{file.Modified.Ticks}|{file.Inode}|{use.UnetWeight:R}|{use.TextWeight:R}");
    }

    private StyledNetworks Load((string Path, LoraUse Use)[] loras, bool isSeamless, CancellationToken ct)
    {
        List<(LoraFile File, LoraUse Use)> files = [];
        List<IDisposable> loaded = [];
        try
        {
            // 1. Merge the LoRAs into the weights.
            files.AddRange(loras.Select(lora => (LoraFile.Open(lora.Path), lora.Use)));
            var merged = new Dictionary<LoraNetwork, ReplacedWeights>();
            foreach (var (network, weights) in files.Count == 0 ? new Dictionary<LoraNetwork, MergedWeights>() : LoraMerge.Plan(GraphsOfNetworks(), files))
            {
                loaded.Add(merged[network] = Merged(network, weights, files, ct));
            }

            // 2. Load the networks that have changed.
            NetworkSession? Session(LoraNetwork network, string file, bool isEdited = false)
            {
                var replaced = merged.GetValueOrDefault(network);
                if (replaced is null && !isEdited)
                {
                    return null;
                }

                var session = loader.Load(file, ct, isEdited, replaced);
                loaded.Add(session);
                return session;
            }

            var encoders = model.Parts.TextEncoders.Select((parts, i) =>
                Session(NetworkOf(parts), parts.NetworkFile) is { } session ? new TextEncoder(parts, session, options.TextCacheEntries) : plain.TextEncoders[i]).ToArray();
            var unet = Session(LoraNetwork.Unet, NetworkFiles.Unet, isSeamless) is { } changed ? new Unet(model, changed, plain.Unet.Control) : plain.Unet;
            return new StyledNetworks(encoders, new PromptEncoder(model.Parts, encoders), unet) { LoraHashes = HashesOf(loras) };
        }
        catch
        {
            loaded.ForEach(one => one.Dispose());
            throw;
        }
        finally
        {
            files.ForEach(one => one.File.Dispose());
        }
    }

    /// <summary>The merged weights from their file where files are kept, else in memory.</summary>
    private ReplacedWeights Merged(LoraNetwork network, MergedWeights weights, List<(LoraFile File, LoraUse Use)> loras, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (_merged is null)
        {
            return weights.InMemory();
        }

        var shares = loras.Select(lora => (_hashes.Of(lora.File.Path, ct).Sha256, network == LoraNetwork.Unet ? lora.Use.UnetWeight : lora.Use.TextWeight));
        var key = MergedFiles.KeyOf(model.Digest, Files.First(one => one.Network == network).File, weights, shares);
        return _merged.Map(key, weights) ?? weights.InMemory();
    }

    private Dictionary<LoraNetwork, OnnxGraphFile> GraphsOfNetworks() =>
        Files.Where(one => model.Networks.Has(one.File)).ToDictionary(one => one.Network, one => model.Networks.Read(one.File));

    private static Dictionary<string, string> HashesOf((string Path, LoraUse Use)[] loras) =>
        loras.DistinctBy(lora => lora.Use.Name).ToDictionary(lora => lora.Use.Name, lora => LoraFile.ShortHash(lora.Path), StringComparer.Ordinal);

    private static LoraNetwork NetworkOf(TextParts parts) => Files.First(one => one.File == parts.NetworkFile).Network;

    private void Unload(StyledNetworks networks)
    {
        foreach (var encoder in networks.TextEncoders.Except(plain.TextEncoders))
        {
            encoder.Dispose();
        }

        if (networks.Unet != plain.Unet)
        {
            networks.Unet.Dispose();
        }
    }
}
