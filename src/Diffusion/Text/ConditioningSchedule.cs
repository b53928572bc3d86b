namespace RenderFarm.Diffusion.Text;

/// <summary>
/// A conditioning that may change from step to step. Steps are counted from 0 and each entry holds up to and with the step of its number,
/// so that the first holds one step longer than its number says; after the last number the first holds again. Both as in
/// stable-diffusion-webui 1.10, where only samplers that choose their number of evaluations go past the last number.
/// </summary>
internal sealed class ConditioningSchedule(IReadOnlyList<(int LastStep, Conditioning Conditioning)> entries)
{
    public static ConditioningSchedule Always(Conditioning conditioning) => new([(int.MaxValue, conditioning)]);

    /// <summary>What holds at a step, from 0.</summary>
    public Conditioning At(int step)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (step <= entries[i].LastStep)
            {
                return entries[i].Conditioning;
            }
        }

        return entries[0].Conditioning;
    }

    /// <summary>The same, as many tokens long as asked for by repeating the last one.</summary>
    public ConditioningSchedule LengthenedTo(int tokens) =>
        new([.. entries.Select(entry => (entry.LastStep, entry.Conditioning.LengthenedTo(tokens)))]);
}
