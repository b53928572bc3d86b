using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>Weights that a session is to use instead of those in the network's files. Must live as long as the session.</summary>
internal sealed class ReplacedWeights : IDisposable
{
    private readonly List<byte[]> _pinned = [];
    private readonly Dictionary<string, byte[]> _inner = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OrtValue> _external = new(StringComparer.Ordinal);
    private SafetensorsFile? _file;

    public int Count => _inner.Count + _external.Count;

    /// <summary>Weights that lie in a file under their own names, mapped into memory. The file is taken over.</summary>
    public static ReplacedWeights In(SafetensorsFile file, IReadOnlyList<Weight> weights)
    {
        var replaced = new ReplacedWeights { _file = file };
        try
        {
            foreach (var weight in weights)
            {
                var tensor = file.Header.Tensors[weight.Name];
                if (weight.Data is null)
                {
                    replaced._inner.Add(weight.Name, file.Bytes(tensor).ToArray());
                }
                else
                {
                    replaced.Add(weight, file.AddressOf(tensor), tensor.ByteCount);
                }
            }

            return replaced;
        }
        catch
        {
            replaced.Dispose();
            throw;
        }
    }

    /// <summary>Takes the place of a weight: values of its type in its layout, in a pinned array.</summary>
    public void Add(Weight weight, byte[] pinned)
    {
        if (weight.Data is null)
        {
            _inner.Add(weight.Name, pinned);
        }
        else
        {
            _pinned.Add(pinned);
            Add(weight, Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), pinned.Length);
        }
    }

    /// <summary>Puts the weights in place for a session of this skeleton with these options: small ones lie in the skeleton, the others are given to the options.</summary>
    public void ApplyTo(GraphProto skeleton, SessionOptions options)
    {
        foreach (var tensor in skeleton.Initializer.Where(tensor => _inner.ContainsKey(tensor.Name)))
        {
            tensor.FloatData.Clear();
            tensor.Int32Data.Clear();
            tensor.RawData = ByteString.CopyFrom(_inner[tensor.Name]);
        }

        ExternalInitializers.Add(options, _external);
    }

    public void Dispose()
    {
        foreach (var value in _external.Values)
        {
            value.Dispose();
        }

        // Whoever gave the weights to a session may let go of them as well.
        _file?.Dispose();
        _file = null;
    }

    private void Add(Weight weight, nint address, long bytes)
    {
        var element = weight.Element switch
        {
            OnnxElement.Float16 => TensorElementType.Float16,
            OnnxElement.BFloat16 => TensorElementType.BFloat16,
            _ => TensorElementType.Float,
        };
        _external.Add(weight.Name, OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, element, [.. weight.Dims], address, bytes));
    }
}
