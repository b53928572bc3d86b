namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>The names of weights in diffusers' folders, which are the graphs' own; early autoencoders have others for their attention.</summary>
internal sealed class DiffusersKeys : IKeyRules
{
    private static readonly (string Now, string Early)[] Attention = [(".to_q.", ".query."), (".to_k.", ".key."), (".to_v.", ".value."), (".to_out.0.", ".proj_attn.")];

    public IEnumerable<SourceKey> Of(string key)
    {
        yield return new SourceKey(key);
        foreach (var (now, early) in Attention.Where(names => key.Contains(names.Now, StringComparison.Ordinal)))
        {
            yield return new SourceKey(key.Replace(now, early, StringComparison.Ordinal));
        }
    }
}
