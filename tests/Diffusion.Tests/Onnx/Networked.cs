using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace RenderFarm.Diffusion.Tests.Onnx;

/// <summary>Runs a network on the same made-up inputs every time.</summary>
internal static class Networked
{
    private const int Side = 16;
    private const int Tokens = 77;
    private const int LeastTokens = 500;

    public static float[] Run(InferenceSession session)
    {
        var inputs = Inputs(session, Side);
        using var options = new RunOptions();
        using var outputs = session.Run(options, inputs, session.OutputMetadata.Keys.ToArray());
        foreach (var value in inputs.Values)
        {
            value.Dispose();
        }

        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>A value for each input, of one row, with latents of the given side.</summary>
    public static Dictionary<string, OrtValue> Inputs(InferenceSession session, int side)
    {
        var random = new Random(5);
        return session.InputMetadata.ToDictionary(input => input.Key, input => Value(input.Key, input.Value));

        OrtValue Value(string name, NodeMetadata data)
        {
            long[] shape = [.. data.Dimensions.Select((size, i) => size > 0 ? size : i == 0 ? 1 : name is "sample" or "latent_sample" ? side : Tokens)];
            var count = (int)shape.Aggregate(1L, (product, size) => product * size);
            return data.ElementDataType == TensorElementType.Int64
                ? OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, count).Select(_ => random.NextInt64(LeastTokens)).ToArray(), shape)
                : OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f).ToArray(), shape);
        }
    }
}
