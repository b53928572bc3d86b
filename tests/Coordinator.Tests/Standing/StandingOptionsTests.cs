using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Standing;

namespace RenderFarm.Coordinator.Tests.Standing;

public sealed class StandingOptionsTests
{
    [Theory]
    [InlineData("Standing:Within", "00:00:00", "Standing:Within must be more than zero.")]
    [InlineData("Standing:BlockFor", "-00:01:00", "Standing:BlockFor must be more than zero.")]
    [InlineData("Standing:IncidentMargin", "-00:00:01", "Standing:IncidentMargin must not be negative.")]
    [InlineData("Standing:StrikesToDrain", "0", "Standing:StrikesToDrain must be from 1 to 1000.")]
    [InlineData("Standing:StrikesToBlock", "2000", "Standing:StrikesToBlock must be from 1 to 1000.")]
    public void A_wrong_setting_is_named_with_what_is_allowed(string key, string value, string message)
    {
        var fault = Assert.Throws<OptionsValidationException>(() => Read((key, value)));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_the_section_are_read() =>
        Assert.Equal((5, TimeSpan.FromHours(1)), (Read(("Standing:StrikesToDrain", "5")).StrikesToDrain, Read(("Standing:Within", "01:00:00")).Within));

    private static StandingOptions Read((string Key, string Value) setting)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [setting.Key] = setting.Value }).Build();
        using var provider = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddStanding().BuildServiceProvider();
        return provider.GetRequiredService<IOptions<StandingOptions>>().Value;
    }
}
