using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>Loads the networks of one model on one device. Weights are mapped into memory, not copied.</summary>
internal sealed class NetworkLoader(ModelFolder model, InferenceDevice device, DeviceSettings settings)
{
    private readonly GraphCache? _cache = settings.CacheFolder is not null && device.SharesMemory && model.Networks.KeepsOptimized ? new GraphCache(settings.CacheFolder) : null;

    /// <summary>The time that the networks ran.</summary>
    public RunClock Clock { get; } = new();

    /// <summary>How many networks came from the cache.</summary>
    public int FromCache { get; private set; }

    /// <summary>Loads a network; so that its pictures have no seams, if asked; with other weights than its files', if given, which it takes over.</summary>
    public NetworkSession Load(string file, CancellationToken ct, bool isSeamless = false, ReplacedWeights? replaced = null)
    {
        ct.ThrowIfCancellationRequested();
        var read = model.Networks.Read(file);
        read.Model.Graph = Edited(read.Model.Graph, file, isSeamless);
        if (replaced is not null || _cache is null)
        {
            return new NetworkSession(Plain(read, file, replaced, ct), device, Clock, replaced);
        }

        var bytes = read.ToBytes();
        var key = KeyOf(file, read, bytes);
        return new NetworkSession(Cached(key, ct) ?? Recorded(read, bytes, key, ct) ?? Plain(read, file, null, ct), device, Clock);
    }

    private GraphProto Edited(GraphProto graph, string file, bool isSeamless)
    {
        try
        {
            graph = Float32Border.IsNeeded(graph) ? Float32Border.Of(graph) : graph;
            return isSeamless ? Seamless.Of(graph) : graph;
        }
        catch (InvalidDataException exception)
        {
            throw new ModelFolderException(model.Path, file, $"It cannot be made seamless: {exception.Message}.", "Render without tiling.", exception);
        }
    }

    private InferenceSession? Cached(string key, CancellationToken ct)
    {
        if (_cache!.Find(key) is not { } optimized)
        {
            return null;
        }

        using var options = device.CreateSessionOptions(settings);
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        try
        {
            var session = Open(options, o => new InferenceSession(optimized, o), ct);
            FromCache++;
            return session;
        }
        catch (OnnxRuntimeException)
        {
            // Written as it should be, and yet not to be used: then it is made again.
            ct.ThrowIfCancellationRequested();
            GraphCache.Remove(Path.GetDirectoryName(optimized)!);
            return null;
        }
    }

    /// <summary>The session while it is written to the cache; null where that cannot be written.</summary>
    private InferenceSession? Recorded(OnnxGraphFile read, byte[] bytes, string key, CancellationToken ct)
    {
        using var options = device.CreateSessionOptions(settings);
        if (_cache!.Record(options) is not { } draft)
        {
            return null;
        }

        try
        {
            options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, read.Folder);
            var session = Open(options, o => new InferenceSession(bytes, o), ct);
            _cache.Keep(draft, key);
            return session;
        }
        catch (OnnxRuntimeException)
        {
            // Whether the network or the disk is at fault is seen without the cache.
            GraphCache.Remove(draft);
            ct.ThrowIfCancellationRequested();
            return null;
        }
    }

    private InferenceSession Plain(OnnxGraphFile read, string file, ReplacedWeights? replaced, CancellationToken ct)
    {
        using var options = device.CreateSessionOptions(settings);
        replaced?.ApplyTo(read.Model.Graph, options);
        var bytes = read.ToBytes();
        options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, read.Folder);
        try
        {
            return Open(options, o => new InferenceSession(bytes, o), ct);
        }
        catch (OnnxRuntimeException exception)
        {
            ct.ThrowIfCancellationRequested();
            throw new ModelFolderException(model.Path, file, $"ONNX Runtime cannot load it on {device}: {exception.Message}.", "Download or export the file again.", exception);
        }
    }

    private static InferenceSession Open(SessionOptions options, Func<SessionOptions, InferenceSession> open, CancellationToken ct)
    {
        using var cancel = ct.Register(() => options.SetLoadCancellationFlag(true));
        var session = open(options);
        NativeHeap.Trim();
        return session;
    }

    /// <summary>All that decides what the optimised network looks like. The files' sizes and times are for folders whose checksums are not verified.</summary>
    private string KeyOf(string file, OnnxGraphFile read, byte[] skeleton)
    {
        var files = read.WeightFiles().Select(path => new FileInfo(path)).OrderBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => $"{one.Name} {one.Length} {one.LastWriteTimeUtc.Ticks}");
        string[] parts = [model.Digest, file, OrtEnv.Instance().GetVersionString(), $"{device}", Processor(), .. files];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', parts)));
        hash.AppendData(skeleton);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Processor() =>
        $"{RuntimeInformation.ProcessArchitecture} {Avx.IsSupported} {Avx2.IsSupported} {Fma.IsSupported} {Avx512F.IsSupported} {Avx512BW.IsSupported} {AvxVnni.IsSupported} {AdvSimd.IsSupported} {Dp.IsSupported}";
}
