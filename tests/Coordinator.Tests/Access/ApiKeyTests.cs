using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RenderFarm.Coordinator.Access;
using RenderFarm.TestKit;

namespace RenderFarm.Coordinator.Tests.Access;

public sealed class ApiKeyTests
{
    [Fact]
    public void A_generated_key_is_whole_and_no_other_is_like_it()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => ApiKey.Generate()).ToList();

        Assert.Equal(100, keys.Distinct().Count());
        Assert.All(keys, key =>
        {
            Assert.Matches("^rf_[A-Za-z0-9_-]{49}$", key);
            Assert.False(ApiKey.IsDamaged(key));
        });
    }

    [Fact]
    public void Any_cut_or_mistyped_letter_is_noticed()
    {
        var key = ApiKey.Generate();

        Assert.True(ApiKey.IsDamaged(key[..^1]));
        Assert.True(ApiKey.IsDamaged(key + "A"));
        for (var i = ApiKey.Prefix.Length; i < key.Length; i++)
        {
            Assert.True(ApiKey.IsDamaged($"{key[..i]}{(key[i] == 'A' ? 'B' : 'A')}{key[(i + 1)..]}"));
        }

        Assert.False(ApiKey.IsDamaged("a key of the owner's own making"));
    }

    [Theory]
    [InlineData("", "Access:Key (RENDERFARM__Access__Key) must have at least 32 characters; it has 0. 'renderfarm key' prints a new one.")]
    [InlineData("short", "Access:Key (RENDERFARM__Access__Key) must have at least 32 characters; it has 5. 'renderfarm key' prints a new one.")]
    [InlineData("rf_0123456789012345678901234567890123456789", "Access:Key (RENDERFARM__Access__Key) starts like a generated key but is cut or mistyped.")]
    public void A_setting_that_is_no_key_is_refused_by_its_name(string key, string message)
    {
        var options = new AccessOptions { Key = key };

        Assert.Equal([message], options.Validate(new ValidationContext(options)).Select(fault => fault.ErrorMessage!));
    }

    [Fact]
    public void A_session_ends_with_its_time_and_with_the_key()
    {
        var time = new FakeTimeProvider();
        var options = new AccessOptions { Key = ApiKey.Generate(), SessionLifetime = TimeSpan.FromHours(1) };
        var farm = new FarmKey(Options.Create(options), time);
        var session = farm.NewSession();

        Assert.True(farm.IsLiveSession(session));
        Assert.False(new FarmKey(Options.Create(new AccessOptions { Key = ApiKey.Generate() }), time).IsLiveSession(session));
        time.Advance(TimeSpan.FromMinutes(61));
        Assert.False(farm.IsLiveSession(session));
    }

    [Fact]
    public void A_key_file_is_made_once_and_read_by_its_owner_only()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("key");

        var keys = Enumerable.Range(0, 3).Select(_ => KeyFile.ReadOrCreate(path)).Distinct();

        Assert.False(ApiKey.IsDamaged(Assert.Single(keys)));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        File.WriteAllText(path, "rf_cut");
        Assert.Equal($"The key file {path} is damaged; delete it to get a new key.", Assert.Throws<InvalidDataException>(() => KeyFile.ReadOrCreate(path)).Message);
    }
}
