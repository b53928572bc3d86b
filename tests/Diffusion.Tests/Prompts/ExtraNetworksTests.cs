using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Tests.Prompts;

public sealed class ExtraNetworksTests
{
    [Theory]
    [InlineData("<lora:emoji>", "emoji", 1, 1)]
    [InlineData("<lora:emoji:0.8>", "emoji", 0.8, 0.8)]
    [InlineData("<lora:emoji:0.8:0.3>", "emoji", 0.8, 0.3)]
    [InlineData("<lora:emoji:te=0.5:unet=-1>", "emoji", 0.5, -1)]
    [InlineData("<lora:emoji:unet=2>", "emoji", 1, 2)]
    [InlineData("<lora:te=0.5:emoji>", "emoji", 0.5, 0.5)]
    [InlineData("<lora:emoji:0.8:te=0>", "emoji", 0, 0)]
    [InlineData("<lyco:my file (2).v1:.5>", "my file (2).v1", 0.5, 0.5)]
    public void A_tag_names_a_lora_and_its_weights(string tag, string name, double text, double unet)
    {
        var read = ExtraNetworks.Parse($"a cat {tag}, small");

        Assert.Equal("a cat , small", read.Prompt);
        Assert.Equal([new LoraReference(name, text, unet)], read.Loras);
        Assert.Empty(read.Others);
    }

    [Fact]
    public void Tags_are_cut_out_in_order_wherever_they_stand()
    {
        var read = ExtraNetworks.Parse("<lora:a>a (cat<lora:b:2>:1.2)<hypernet:c:0.5> <d <lora:e:0>");

        Assert.Equal("a (cat:1.2) <d ", read.Prompt);
        Assert.Equal([new("a", 1, 1), new("b", 2, 2), new LoraReference("e", 0, 0)], read.Loras);
        Assert.Equal([new NetworkReference("hypernet", "c:0.5")], read.Others);
    }

    [Theory]
    [InlineData("a < b")]
    [InlineData("<lora:>")]
    [InlineData("<lora>")]
    [InlineData("<lora:x")]
    [InlineData("< lora:x>")]
    [InlineData("<:x>")]
    [InlineData("<lora::0.5>")]
    [InlineData("<lora:te=1>")]
    [InlineData("<lora:x:strong>")]
    [InlineData("<lora:x:1:unet=much>")]
    [InlineData("<3 <lora:y:1,5>")]
    public void What_is_no_tag_is_text(string prompt)
    {
        var read = ExtraNetworks.Parse(prompt);

        Assert.Equal(prompt, read.Prompt);
        Assert.Empty(read.Loras);
        Assert.Empty(read.Others);
    }
}
