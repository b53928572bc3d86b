using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>Weights that a session is to use instead of those in the network's files. Must live as long as the session.</summary>
internal sealed class ReplacedWeights : IDisposable
{
    private readonly Dictionary<string, byte[]> _bytes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OrtValue> _external = new(StringComparer.Ordinal);

    public int Count => _bytes.Count;

    /// <summary>Takes the place of a weight: values of its type in its layout, in a pinned array.</summary>
    public void Add(Weight weight, byte[] pinned)
    {
        _bytes.Add(weight.Name, pinned);
        if (weight.Data is not null)
        {
            var element = weight.Element switch
            {
                OnnxElement.Float16 => TensorElementType.Float16,
                OnnxElement.BFloat16 => TensorElementType.BFloat16,
                _ => TensorElementType.Float,
            };
            var address = Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
            _external.Add(weight.Name, OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, element, [.. weight.Dims], address, pinned.Length));
        }
    }

    /// <summary>Puts the weights in place for a session of this skeleton with these options: small ones lie in the skeleton, the others are given to the options.</summary>
    public void ApplyTo(GraphProto skeleton, SessionOptions options)
    {
        foreach (var tensor in skeleton.Initializer.Where(tensor => _bytes.ContainsKey(tensor.Name) && !_external.ContainsKey(tensor.Name)))
        {
            tensor.FloatData.Clear();
            tensor.Int32Data.Clear();
            tensor.RawData = ByteString.CopyFrom(_bytes[tensor.Name]);
        }

        ExternalInitializers.Add(options, _external);
    }

    public void Dispose()
    {
        foreach (var value in _external.Values)
        {
            value.Dispose();
        }
    }
}
