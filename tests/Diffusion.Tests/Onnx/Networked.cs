using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace RenderFarm.Diffusion.Tests.Onnx;

/// <summary>Runs a network on the same made-up inputs every time.</summary>
internal static class Networked
{
    private const int FreeBatch = 2;
    private const int FreeSide = 16;

    public static float[] Run(InferenceSession session)
    {
        var random = new Random(5);
        List<IDisposable> made = [];
        try
        {
            var inputs = session.InputMetadata.ToDictionary(input => input.Key, input => Value(input.Key, input.Value));
            made.AddRange(inputs.Values);
            using var options = new RunOptions();
            using var outputs = session.Run(options, inputs, session.OutputMetadata.Keys.ToArray());
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
        finally
        {
            made.ForEach(value => value.Dispose());
        }

        OrtValue Value(string name, NodeMetadata data)
        {
            long[] shape = [.. data.Dimensions.Select((size, i) => size > 0 ? size : i == 0 ? FreeBatch : Free(name, i))];
            var count = shape.Aggregate(1L, (product, size) => product * size);
            return data.ElementDataType == TensorElementType.Int64
                ? OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, (int)count).Select(_ => random.NextInt64(500)).ToArray(), shape)
                : OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, (int)count).Select(_ => random.NextSingle() - 0.5f).ToArray(), shape);
        }

        // The tokens of a prompt are fixed by the networks' learned positions; widths and heights are free.
        long Free(string name, int axis) => name is "sample" or "latent_sample" ? FreeSide
            : name == "encoder_hidden_states" && axis == 2 ? throw new InvalidOperationException("The width of the conditioning must be stated.")
            : 77;
    }
}
