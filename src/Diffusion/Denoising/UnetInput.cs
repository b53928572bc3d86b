using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>What a row's UNet is told beside latents, timestep and text.</summary>
internal sealed record RowInputs(UnetInput[] Vectors, RowControl? Control)
{
    public static RowInputs Of(ImageRequest request, ModelParts parts, NoiseSchedule schedule) =>
        new([.. UnetInput.Of(request, parts)], RowControl.Of(request, schedule));

    public void WriteTo(UnetBatch batch, int unetRow, int step)
    {
        foreach (var input in Vectors)
        {
            batch.SetInput(unetRow, input.Name, input.Values);
        }

        batch.Control?.Set(unetRow, Control, step);
    }
}

/// <summary>A vector that a model's UNet takes for each row beside latents, timestep and text, by the input's name.</summary>
internal sealed record UnetInput(string Name, float[] Values)
{
    /// <summary>What the model's UNet is told about a request.</summary>
    public static IReadOnlyList<UnetInput> Of(ImageRequest request, ModelParts parts)
    {
        List<UnetInput> inputs = [];
        if (parts.Family.IsXl)
        {
            inputs.Add(new UnetInput(NetworkFiles.TimeIds, TimeIds(request)));
        }

        if (parts.Family.IsConsistencyModel)
        {
            inputs.Add(new UnetInput(NetworkFiles.GuidanceEmbedding, GuidanceEmbedding(request.Guidance, parts.Unet.GuidanceWidth)));
        }

        return inputs;
    }

    /// <summary>SDXL's size and crop conditioning (Podell et al., arXiv:2307.01952, section 2.2): original, corner, target, each vertical first.</summary>
    private static float[] TimeIds(ImageRequest request) =>
    [
        Or(request.OriginalHeight, request.Height), Or(request.OriginalWidth, request.Width),
        request.CropTop, request.CropLeft,
        Or(request.TargetHeight, request.Height), Or(request.TargetWidth, request.Width),
    ];

    private static int Or(int given, int fallback) => given == 0 ? fallback : given;

    /// <summary>
    /// Guidance as a consistency model takes it (Luo et al., arXiv:2310.04378, with the embedding of Ho et al., arXiv:2006.11239, which
    /// is of Vaswani et al., arXiv:1706.03762): sines, then cosines of 1000 w / 10000^(i / (n - 1)), w = guidance - 1.
    /// In float32 throughout, since a phase of thousands depends on the rounding.
    /// </summary>
    private static float[] GuidanceEmbedding(double guidance, int width)
    {
        const float Scale = 1000;
        var half = width / 2;
        var w = (float)(guidance - 1) * Scale;
        var rate = MathF.Log(10000) / (half - 1);
        var embedding = new float[width];
        for (var i = 0; i < half; i++)
        {
            var phase = w * MathF.Exp(i * -rate);
            embedding[i] = MathF.Sin(phase);
            embedding[half + i] = MathF.Cos(phase);
        }

        return embedding;
    }
}
