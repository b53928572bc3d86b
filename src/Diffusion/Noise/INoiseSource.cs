namespace RenderFarm.Diffusion.Noise;

/// <summary>Standard normal noise; each draw goes on where the last ended.</summary>
public interface INoiseSource
{
    /// <summary>Fills the span with the next draw of its length.</summary>
    void FillNormal(Span<float> values);
}
