namespace RenderFarm.Diffusion.Text;

/// <summary>A conditioning that may change from step to step: each entry holds until its last step, the last one to the end.</summary>
internal sealed class ConditioningSchedule(IReadOnlyList<(int LastStep, Conditioning Conditioning)> entries)
{
    public static ConditioningSchedule Always(Conditioning conditioning) => new([(int.MaxValue, conditioning)]);

    /// <summary>What holds at a step, from 0.</summary>
    public Conditioning At(int step)
    {
        for (var i = 0; i < entries.Count - 1; i++)
        {
            if (step <= entries[i].LastStep)
            {
                return entries[i].Conditioning;
            }
        }

        return entries[^1].Conditioning;
    }
}
