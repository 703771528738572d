/// The commonest passwords of at least eight characters in published statistics of leaked accounts, and their variants.
enum CommonPasswords {
    /// Whether `password` is one of them in any case. Makes no copy of it.
    static func contains(_ password: UnsafeRawBufferPointer) -> Bool {
        list.contains { equalsIgnoringCase(password, $0.bytes) }
    }

    /// In lower case. Static texts, so that comparing allocates nothing.
    private static let list: [StaticString] = [
        "!qaz2wsx", "00000000", "0000000000", "0987654321", "11111111", "111111111", "1111111111", "11223344",
        "1122334455", "12121212", "123123123", "123321123", "12341234", "12344321", "12345678", "123456781",
        "123456789", "1234567890", "1234567891", "12345678910", "123456789a", "12345678a", "12345679", "1234567a",
        "123456abc", "123456qwerty", "12345abc", "1234abcd", "1234qwer", "123654789", "123abc123", "123qweasd",
        "147258369", "14789632", "159753456", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "1qaz2wsx3edc", "1qazxsw2",
        "22222222", "23232323", "33333333", "44444444", "55555555", "66666666", "741852963", "77777777", "789456123",
        "87654321", "88888888", "987654321", "99999999", "999999999", "a1b2c3d4", "aa123456", "aa12345678", "aaaaaaaa",
        "abc12345", "abc123456", "abcd1234", "abcd123456", "abcdefg1", "abcdefgh", "access123", "access14", "admin123",
        "admin1234", "administrador", "administrator", "alexander", "andrew123", "angel123", "anthony1", "arsenal1",
        "asd12345", "asd123456", "asdf1234", "asdfasdf", "asdfghjk", "asdfghjkl", "ashley123", "azerty123",
        "azertyuiop", "babygirl", "babygirl1", "bailey123", "banana123", "barcelona", "baseball", "baseball1",
        "basketball", "batman123", "beautiful", "benjamin", "blessed1", "blink182", "brandon1", "brittany", "bubbles1",
        "bullshit", "buster123", "butterfly", "changeme", "charlie1", "charlie123", "cheesecake", "chelsea1",
        "chocolate", "christian", "christopher", "computer", "computer1", "consumer", "contrasena", "cookie123",
        "corvette", "corvette1", "counterstrike", "cowboys1", "cupcake1", "daniel123", "danielle", "darkness",
        "december1", "default1", "diamond1", "dolphins", "doudou123", "dragon123", "eagles123", "einstein", "electric",
        "elizabeth", "facebook1", "ferrari1", "football", "football1", "football123", "forever1", "gandalf1",
        "ginger123", "google123", "guest123", "hallo123", "heaven777", "hello123", "hello1234", "hellohello",
        "helloworld", "hercules", "ilovegod", "iloveyou", "iloveyou!", "iloveyou1", "iloveyou2", "internet",
        "internet1", "january1", "jennifer", "jessica1", "jesus123", "jesuschrist", "jonathan", "jordan23", "joshua123",
        "juventus", "letmein!", "letmein1", "letmein123", "linkedin", "liverpool", "liverpool1", "login123",
        "loulou123", "lovelove", "loveyou1", "maggie123", "manchester", "marseille", "master123", "matthew1",
        "maverick", "mercedes", "metallica", "michael1", "michelle", "midnight", "midnight1", "minecraft", "monkey123",
        "motdepasse", "mustang1", "mylove123", "naruto123", "nicholas", "nothing1", "orange123", "p@ssw0rd", "p@ssword",
        "pa$$word", "panthers", "passw0rd", "password", "password!", "password1", "password12", "password123",
        "password1234", "password2", "password3", "passwort", "passwort1", "patriots", "peanut123", "pepper123",
        "pokemon1", "pokemon123", "porsche1", "precious", "princess", "princess1", "purple123", "q1w2e3r4",
        "q1w2e3r4t5", "qazwsxedc", "qwe123456", "qweasd123", "qweasdzxc", "qwer1234", "qwert123", "qwerty12",
        "qwerty123", "qwerty1234", "qwerty12345", "qwerty123456", "qwertyui", "qwertyuiop", "qwertz123", "rainbow1",
        "rainbow123", "rangers1", "realmadrid", "redskins", "robert123", "root1234", "samantha", "samantha1",
        "samsung1", "schatz123", "scorpion", "secret123", "security", "senha123", "shadow123", "skywalker", "slipknot1",
        "snowball", "spiderman", "startfinding", "startrek", "starwars", "starwars1", "steelers", "stephanie",
        "strawberry", "summer123", "sunshine", "sunshine1", "superman", "superman1", "sweetheart", "test1234",
        "testing1", "testtest", "thomas123", "tigger123", "trustno1", "trustno1!", "twilight", "unicorn1", "victoria",
        "victoria1", "wachtwoord", "warcraft", "welcome!", "welcome1", "welcome12", "welcome123", "whatever",
        "whatever1", "william1", "winter123", "yamaha123", "yankees1", "zaq12wsx", "zxc123456", "zxcvbnm,", "zxcvbnm1",
        "zxcvbnm123", "zzzzzzzz",
    ]
}
