using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion.Tests.Text;

public sealed class TextCacheTests
{
    [Fact]
    public void The_entry_that_was_not_used_for_longest_leaves_first()
    {
        var cache = new TextCache(capacity: 2);
        cache.Add(new TextKey([1, 2], 0), Of(1));
        cache.Add(new TextKey([3, 4], 0), Of(2));
        Assert.NotNull(cache.Find(new TextKey([1, 2], 0)));

        cache.Add(new TextKey([5, 6], 0), Of(3));

        Assert.Equal(1f, Assert.Single(cache.Find(new TextKey([1, 2], 0))!.Hidden));
        Assert.Null(cache.Find(new TextKey([3, 4], 0)));
        Assert.Equal(3f, Assert.Single(cache.Find(new TextKey([5, 6], 0))!.Hidden));
    }

    [Fact]
    public void The_same_tokens_at_another_layer_are_another_entry()
    {
        var cache = new TextCache(capacity: 2);
        cache.Add(new TextKey([1, 2], 0), Of(1));

        Assert.Null(cache.Find(new TextKey([1, 2], 1)));
    }

    [Fact]
    public void A_cache_of_nothing_keeps_nothing()
    {
        var cache = new TextCache(capacity: 0);
        cache.Add(new TextKey([1], 0), Of(1));

        Assert.Null(cache.Find(new TextKey([1], 0)));
    }

    private static Conditioning Of(float value) => new([value], tokens: 1);
}
