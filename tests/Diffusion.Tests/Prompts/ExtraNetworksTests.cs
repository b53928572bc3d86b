using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Prompts;
using RenderFarm.TestKit.Goldens;

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
        Assert.Equal([new LoraUse { Name = name, TextWeight = text, UnetWeight = unet }], read.Loras);
        Assert.Empty(read.Others);
    }

    [Fact]
    public void Tags_are_cut_out_in_order_wherever_they_stand()
    {
        var read = ExtraNetworks.Parse("<lora:a>a (cat<lora:b:2>:1.2)<hypernet:c:0.5> <d <lora:e:0>");

        Assert.Equal("a (cat:1.2) <d ", read.Prompt);
        Assert.Equal([("a", 1), ("b", 2), ("e", 0)], read.Loras.Select(lora => (lora.Name, lora.UnetWeight)));
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

    [Fact]
    public void A_lora_that_the_prompt_names_is_rendered_with_as_one_of_the_list_is()
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.Model("tiny-sd2"), new PipelineOptions { LoraFolder = Path.Combine(GoldenFolder.Default, "loras") });
        var plain = new ImageRequest { Prompt = "a dog", PromptSyntax = PromptSyntaxNames.Webui, Steps = 2 };
        var listed = plain with { Loras = [new() { Name = "tiny-sd2.kohya", TextWeight = 0.5, UnetWeight = 2 }] };
        var named = plain with { Prompt = "<lora:tiny-sd2.kohya:0.5:2>a dog" };
        float[] Latent(ImageRequest request) => pipeline.Render([request])[0].Latent.ToArray();

        Assert.Equal(Latent(listed), Latent(named));
        Assert.NotEqual(Latent(plain), Latent(named));
        Assert.True(pipeline.CanShareBatch(listed, named));
        Assert.False(pipeline.CanShareBatch(plain, named));
        Assert.True(pipeline.CanShareBatch(plain, named with { PromptSyntax = PromptSyntaxNames.Literal }));
        Assert.Throws<RenderRequestException>(() => pipeline.Check(named with { Hires = new() { Prompt = "a dog" } }));
        pipeline.Check(listed with { Hires = new() { Prompt = "a cat" } });
        Assert.Throws<RenderRequestException>(() => pipeline.Check(plain with { Prompt = "<lora:missing>" }));
        Assert.Throws<RenderRequestException>(() => pipeline.Check(plain with { Prompt = "<lora:tiny-sd2.kohya:11>" }));
    }
}
