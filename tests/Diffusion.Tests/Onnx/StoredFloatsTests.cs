using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Tests.Onnx;

public sealed class StoredFloatsTests
{
    [Theory]
    [InlineData(nameof(OnnxElement.Float32), 4, 1e-9)]
    [InlineData(nameof(OnnxElement.Float16), 2, 1.0 / 2048)]
    [InlineData(nameof(OnnxElement.BFloat16), 2, 1.0 / 256)]
    public void Values_come_back_within_half_a_step_of_their_precision(string element, int size, double precision)
    {
        float[] values = [0, 1, -1, 1.0039f, 3.14159f, -1e-3f, 1234.5f];
        var stored = new byte[values.Length * size];

        StoredFloats.Write(values, stored, Enum.Parse<OnnxElement>(element));

        var read = StoredFloats.Read(stored, Enum.Parse<OnnxElement>(element));
        Assert.All(values.Zip(read), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Math.Abs(pair.First) * precision));
    }

    [Theory]
    [InlineData(1.00390625f, 1f)]
    [InlineData(1.01171875f, 1.015625f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Halves_of_bfloat16_are_rounded_to_the_even_one_and_what_is_no_number_stays_none(float value, float expected)
    {
        var stored = new byte[2];

        StoredFloats.Write([value], stored, OnnxElement.BFloat16);

        Assert.Equal(expected, StoredFloats.Read(stored, OnnxElement.BFloat16)[0]);
    }
}
