namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>The names of OpenCLIP's weights, which has query, key and value in one matrix and multiplies by its projection from the other side.</summary>
internal sealed class OpenClipKeys(string prefix) : IKeyRules
{
    public IEnumerable<SourceKey> Of(string key) => [InFile(key.Split('.'))];

    private SourceKey InFile(string[] key) => key switch
    {
        ["text_model", "embeddings", "token_embedding", "weight"] => new(prefix + "token_embedding.weight"),
        ["text_model", "embeddings", "position_embedding", "weight"] => new(prefix + "positional_embedding"),
        ["text_model", "encoder", "layers", var layer, .. var rest] => Layer($"{prefix}transformer.resblocks.{layer}.", rest),
        ["text_model", "final_layer_norm", var value] => new($"{prefix}ln_final.{value}"),
        ["text_projection", "weight"] => new(prefix + "text_projection", IsTransposed: true),
        _ => throw KeyText.Unknown(key),
    };

    private static SourceKey Layer(string block, string[] key) => key switch
    {
        ["self_attn", "q_proj", var value] => new($"{block}attn.in_proj_{value}", 0),
        ["self_attn", "k_proj", var value] => new($"{block}attn.in_proj_{value}", 1),
        ["self_attn", "v_proj", var value] => new($"{block}attn.in_proj_{value}", 2),
        ["self_attn", "out_proj", var value] => new($"{block}attn.out_proj.{value}"),
        ["layer_norm1", var value] => new($"{block}ln_1.{value}"),
        ["layer_norm2", var value] => new($"{block}ln_2.{value}"),
        ["mlp", "fc1", var value] => new($"{block}mlp.c_fc.{value}"),
        ["mlp", "fc2", var value] => new($"{block}mlp.c_proj.{value}"),
        _ => throw KeyText.Unknown(key),
    };
}
