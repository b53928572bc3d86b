namespace RenderFarm.Diffusion.Lora.Merging;

/// <summary>What one part of a LoRA does to one weight.</summary>
internal sealed record LoraChange(LoraFile File, LoraPart Part, ModuleWeight Target, double Share)
{
    public void AddTo(float[] weight)
    {
        var rank = (int)Part.Down.Shape[0];
        var (up, down) = (File.Floats(Part.Up), File.Floats(Part.Down));
        if (Part.Mid is { } mid)
        {
            down = LowRank.WithMid(down, File.Floats(mid), rank);
        }

        var scale = (float)(Share * File.ScaleOf(Part));
        if (Target.IsTransposed)
        {
            LowRank.AddTransposed(weight, up, down, rank, scale);
        }
        else
        {
            LowRank.Add(weight, up, down, rank, scale);
        }
    }
}
