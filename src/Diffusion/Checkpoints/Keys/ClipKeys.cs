namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>The names of the weights of OpenAI's CLIP, which checkpoints keep as they are; early ones leave out the model's own name.</summary>
internal sealed class ClipKeys(string prefix) : IKeyRules
{
    private const string Model = "text_model.";

    public IEnumerable<SourceKey> Of(string key) => key.StartsWith(Model, StringComparison.Ordinal)
        ? [new(prefix + key), new(prefix + key[Model.Length..])]
        : [new(prefix + key)];
}
